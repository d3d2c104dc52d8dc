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

/// A worker as it shows itself in the registry; times are Redis's, in Unix milliseconds.
public struct WorkerRecord: Codable, Sendable, Hashable {
    /// A job that the worker runs.
    public struct Running: Codable, Sendable, Hashable {
        /// The job's id.
        public var id: JobID
        /// Its queue.
        public var queue: String
        /// The name of its type.
        public var name: String
        /// For how long it had run at the last beat, in milliseconds.
        public var milliseconds: Int64
    }

    /// The id, unique to a run of a process.
    public var id: String
    /// The configured name.
    public var name: String
    /// The host.
    public var host: String
    /// The process id on it.
    public var pid: Int
    /// The queues that it serves.
    public var queues: [String]
    /// When it started.
    public var startedAt: Int64
    /// When it was last heard of.
    public var beatAt: Int64
    /// What it runs, at most 100 jobs.
    public var running: [Running]
}
