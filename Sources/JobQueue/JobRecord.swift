/// One job as an operator sees it; times are Redis's, in Unix milliseconds.
public struct JobRecord: Codable, Sendable, Hashable {
    /// One failure or lapse.
    public struct Trouble: Codable, Sendable, Hashable {
        /// When.
        public var at: Int64
        /// Whether it was a lapse (its worker died or froze) and not a failure.
        public var isLapse: Bool
        /// What was said.
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
    /// When the state's time is: due, expiry of the lease, death, or end of the memory of it.
    public var stateAt: Int64?
    /// The payload as JSON text; `nil` in lists and for completed jobs.
    public var payload: String?
    /// How many attempts failed.
    public var failures: Int
    /// How many leases ran out.
    public var lapses: Int
    /// The failure at which it is dead-lettered.
    public var maximumFailures: Int
    /// The latest failures and lapses, oldest first, at most ten.
    public var troubles: [Trouble]
    /// The trace context given by the producer.
    public var traceID: String?
    /// The result, if one was kept.
    public var result: String?
}

/// A page of jobs.
public struct JobPage: Codable, Sendable, Hashable {
    /// The jobs.
    public var jobs: [JobRecord]
    /// Where the next page begins; `nil` at the end.
    public var nextCursor: String?
}
