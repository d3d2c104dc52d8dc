/// Many jobs that are followed as one, with jobs that run when the last of them has ended.
///
/// The members are what the producer lists and what they add themselves while they run
/// (``PreparedJob/joining(batch:)``): a fan-out whose fan-in is the callback. A callback learns of its batch from its
/// payload, which is the producer's: put the ``id`` there if it needs it.
/// ```swift
/// let id = BatchID("import.\(day)")
/// try await queue.enqueue(batch: JobBatch(
///     id: id, jobs: rows.enumerated().map { try ImportRow($1).prepared(id: JobID("\(id).\($0)")) },
///     onComplete: try ReportImport(batch: id).prepared(id: JobID("\(id).report"))))
/// ```
public struct JobBatch: Sendable {
    /// The producer's id; give the same one when an enqueue is repeated.
    public var id: BatchID
    /// The members, in an order that is the same when an enqueue is repeated.
    public var jobs: [PreparedJob]
    /// Enqueued once when the batch is over and all members have completed.
    ///
    /// If some were dead at first, when an operator retried them and they completed.
    public var onSuccess: PreparedJob?
    /// Enqueued once when all members have ended in whatever way: completed, dead, cancelled or deleted.
    public var onComplete: PreparedJob?

    /// Creates a batch.
    public init(
        id: BatchID = .generate(), jobs: [PreparedJob], onSuccess: PreparedJob? = nil, onComplete: PreparedJob? = nil
    ) {
        self.id = id
        self.jobs = jobs
        self.onSuccess = onSuccess
        self.onComplete = onComplete
    }
}
