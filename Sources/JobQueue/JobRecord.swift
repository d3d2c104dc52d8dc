/// One job as an operator sees it; times are Redis's, in Unix milliseconds.
public struct JobRecord: Codable, Sendable, Hashable {
    /// One failure or lapse.
    public struct Trouble: Codable, Sendable, Hashable {
        /// When.
        public var at: Int64
        /// Whether it was a lapse (its worker died or froze) and not a failure.
        public var isLapse: Bool
        /// Whether an operator cancelled or killed it.
        public var isCancellation: Bool
        /// What was said.
        public var message: String
    }

    /// What a running job's handler reported.
    public struct Progress: Codable, Sendable, Hashable {
        /// How much is done, 0 to 1; `nil` if it did not say.
        public var fraction: Double?
        /// When it was reported.
        public var at: Int64
        /// What it said.
        public var message: String
    }

    /// The id.
    public var id: JobID
    /// The queue.
    public var queue: String
    /// Where it is.
    public var state: JobState
    /// The name of its type; empty for a completed job, whose envelope is gone.
    public var name: String
    /// The version of its payload.
    public var version: Int
    /// Its level.
    public var priority: JobPriority
    /// When it was enqueued.
    public var createdAt: Int64?
    /// The state's time: due, expiry of the lease, death, or end of the memory of it.
    public var stateAt: Int64?
    /// The payload as JSON text; `nil` in lists and for completed jobs.
    public var payload: String?
    /// How many attempts failed.
    public var failures: Int
    /// How many leases ran out.
    public var lapses: Int
    /// The attempts that ended in a failure or a lapse.
    public var attempts: Int { failures + lapses }
    /// The failure at which it is dead-lettered.
    public var maximumFailures: Int
    /// The latest failures and lapses, oldest first, at most ten.
    public var troubles: [Trouble]
    /// The trace context given by the producer.
    public var traceID: String?
    /// The result, if one was kept.
    public var result: String?
    /// What it belongs to, as its producer said; see ``QueueInspector/timeline(tag:limit:)``.
    public var tag: String?
    /// The batch that it is part of.
    public var batch: String?
    /// Its unique lock, as its type and producer define it.
    public var uniqueKey: String?
    /// What its handler reported last, while it runs.
    public var progress: Progress?
    /// The id of the worker that runs it, if it is known: workers show up to 100 jobs each.
    public var worker: String?
    /// When the worker started it, if the worker is known; precise to its beats.
    public var startedAt: Int64?

    /// Whether it is dead because it was cancelled or killed.
    public var isCancelled: Bool { state == .dead && troubles.last?.isCancellation == true }
}

/// A page of jobs.
public struct JobPage: Codable, Sendable, Hashable {
    /// The jobs.
    public var jobs: [JobRecord]
    /// Where the next page begins; `nil` at the end.
    public var nextCursor: String?
    /// How many jobs were looked at for it.
    ///
    /// With a filter a page ends when it looked at as many as it may, though it is not full or even empty; then
    /// `nextCursor` goes on.
    public var scanned: Int
    /// When it was read, in Unix milliseconds of Redis's clock.
    public var at: Int64
}
