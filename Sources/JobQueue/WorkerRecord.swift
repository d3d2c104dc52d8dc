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
    /// `running`, `quiet` or `draining`, as it said; empty if it did not.
    public var state: String
    /// How many jobs it can run at once, over its queues; 0 if it did not say.
    public var concurrency: Int
    /// Whether it was not heard of for longer than its beats allow.
    public var isStale: Bool
    /// Everything else that it shows, by the registry's names, for instance `version` or `rss`.
    public var details: [String: String]

    /// Whether it claims jobs of a queue: it beats, has the queue, and is neither quiet nor outdated.
    public func serves(_ queue: String) -> Bool {
        !isStale && state != "quiet" && state != "outdated" && queues.contains(queue)
    }

    /// Beats are seconds apart; who missed several in a row is frozen, cut off or dead.
    static let staleAfterMilliseconds: Int64 = 35_000
}
