/// The operators' side: queues, jobs and workers, and what can be done to them.
///
/// Nothing here does work that grows with the length of a queue: a page costs the page.
public struct QueueInspector: Sendable {
    let queue: JobQueue

    /// Creates an inspector of the queues of a namespace.
    public init(queue: JobQueue) {
        self.queue = queue
    }

    /// All queues that ever had a job, by name.
    public func queues(minutes: Int = 5) async throws -> [QueueStatus] { [] }

    /// One queue; of an unknown name it is empty.
    public func queue(named name: String, minutes: Int = 5) async throws -> QueueStatus {
        throw JobQueueError(.unexpectedReply, "not built yet")
    }

    /// The jobs that could be claimed now.
    public func depth(queue name: String) async throws -> Int { 0 }

    /// A page of the jobs in a state, without payloads; at most 1,000.
    public func jobs(
        queue name: String, state: JobState, cursor: String? = nil, limit: Int = 50
    ) async throws -> JobPage { JobPage(jobs: [], nextCursor: nil) }

    /// One job with its payload; without a queue's name all are asked.
    public func job(id: JobID, queue name: String? = nil) async throws -> JobRecord? { nil }

    /// Puts a dead or scheduled job back on its queue now, with fresh budgets; `false` if it is neither.
    @discardableResult
    public func retry(id: JobID, queue name: String) async throws -> Bool { false }

    /// Deletes a job in any state but completed; a running attempt goes on, and its end counts for nothing further.
    ///
    /// - Returns: `false` if there is no such job.
    @discardableResult
    public func delete(id: JobID, queue name: String) async throws -> Bool { false }

    /// Stops claims of a queue; what runs goes on.
    public func pause(queue name: String) async throws {}

    /// Lets a queue be claimed again.
    public func resume(queue name: String) async throws {}

    /// The workers that were heard of lately.
    public func workers() async throws -> [WorkerRecord] { [] }
}
