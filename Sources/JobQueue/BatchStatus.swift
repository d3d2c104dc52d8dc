internal import RedisClient

/// A batch at one moment; times are Redis's, in Unix milliseconds.
public struct BatchStatus: Codable, Sendable, Hashable {
    /// The id.
    public var id: BatchID
    /// Members that were put on their queues, those that joined later included; duplicates are none.
    public var total: Int
    /// Members that have not ended.
    public var pending: Int
    /// Members that completed.
    public var completed: Int
    /// Members that were dead-lettered.
    public var dead: Int
    /// Members that were cancelled.
    public var cancelled: Int
    /// Members that were deleted.
    public var deleted: Int
    /// When it was opened.
    public var createdAt: Int64
    /// When its producer had listed all its jobs; `nil` while parts are to come, and nothing ends before.
    public var sealedAt: Int64?
    /// When its last member had ended; `nil` while some live, also when a dead one lives again.
    public var finishedAt: Int64?
    /// When ``JobBatch/onSuccess`` was enqueued.
    public var succeededAt: Int64?
    /// The id of ``JobBatch/onSuccess``.
    public var onSuccess: JobID?
    /// The id of ``JobBatch/onComplete``.
    public var onComplete: JobID?
}

/// A page of batches.
public struct BatchPage: Codable, Sendable, Hashable {
    /// The batches, the latest first.
    public var batches: [BatchStatus]
    /// Where the next page begins; `nil` at the end.
    public var nextCursor: String?
}

extension BatchStatus {
    static let fields = [
        "created", "total", "pending", "completed", "dead", "cancelled", "deleted", "sealed", "finished", "succeeded",
        "success_id", "complete_id",
    ]

    /// Reads the reply of `HMGET` with ``fields``; `nil` if there is no such batch.
    init?(id: BatchID, reply: RESPValue) {
        guard let created = reply[0].int, let total = reply[1].int, let pending = reply[2].int else { return nil }
        func count(_ index: Int) -> Int { reply[index].int ?? 0 }
        func time(_ index: Int) -> Int64? { reply[index].int.map(Int64.init) }
        self.init(
            id: id, total: total, pending: pending, completed: count(3), dead: count(4), cancelled: count(5),
            deleted: count(6), createdAt: Int64(created), sealedAt: time(7), finishedAt: time(8), succeededAt: time(9),
            onSuccess: reply[10].string.map { JobID($0) }, onComplete: reply[11].string.map { JobID($0) })
    }
}
