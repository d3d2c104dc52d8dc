/// One queue at one moment.
public struct QueueStatus: Codable, Sendable, Hashable {
    /// What happened in one minute.
    public struct Minute: Codable, Sendable, Hashable {
        /// The minute, in Unix minutes.
        public var minute: Int64
        /// Jobs put on the queue.
        public var enqueued: Int
        /// Jobs that were acknowledged.
        public var completed: Int
        /// Attempts that failed.
        public var failed: Int
        /// Leases that ran out.
        public var lapsed: Int
        /// Jobs that were dead-lettered.
        public var dead: Int
        /// The running time of the acknowledged jobs, in microseconds.
        public var runMicroseconds: Int64
    }

    /// The queue's name.
    public var name: String
    /// Whether claims are paused.
    public var isPaused: Bool
    /// Jobs that could be claimed now, by level (high, normal, low).
    public var waiting: [Int]
    /// Lapsed jobs that wait to run alone.
    public var suspect: Int
    /// Live leases.
    public var running: Int
    /// Delayed jobs and retries.
    public var scheduled: Int
    /// Jobs of types that no process has known.
    public var parked: Int
    /// Dead-lettered jobs that are kept.
    public var dead: Int
    /// Ended jobs that are remembered.
    public var completed: Int
    /// How long the oldest claimable job has waited, in milliseconds; `nil` if none waits.
    public var latencyMilliseconds: Int64?
    /// The latest minutes, the newest (still running) first.
    public var minutes: [Minute]

    /// Jobs that are claimable or running.
    public var depth: Int { waiting.reduce(0, +) + suspect }
}
