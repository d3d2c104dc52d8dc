/// One queue at one moment.
public struct QueueStatus: Codable, Sendable, Hashable {
    /// What happened in one minute.
    public struct Minute: Codable, Sendable, Hashable {
        /// The minute, in Unix minutes.
        public var minute: Int64
        /// What happened in it.
        public var counters: QueueCounters

        /// Jobs put on the queue.
        public var enqueued: Int { counters.enqueued }
        /// Jobs that were acknowledged.
        public var completed: Int { counters.completed }
        /// Attempts that failed.
        public var failed: Int { counters.failed }
        /// Leases that ran out.
        public var lapsed: Int { counters.lapsed }
        /// Jobs that were dead-lettered.
        public var dead: Int { counters.dead }
        /// The running time of the acknowledged jobs, in microseconds.
        public var runMicroseconds: Int64 { counters.runMicroseconds }
    }

    /// The queue's name.
    public var name: String
    /// When it was looked at, in Unix milliseconds of Redis's clock.
    public var at: Int64
    /// Whether claims are paused.
    public var isPaused: Bool
    /// Since when claims are paused, in Unix milliseconds.
    public var pausedAt: Int64?
    /// The limits that are set.
    public var limits: QueueLimits
    /// The claims that the rate limit allows now; `nil` without one.
    public var tokens: Int?
    /// Running jobs that were asked to stop and did not yet.
    public var cancelRequests: Int
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
    /// Ended jobs that are remembered, for deduplication or for their results.
    public var completed: Int
    /// How long the oldest claimable job has waited, in milliseconds; `nil` if none waits.
    public var latencyMilliseconds: Int64?
    /// The latest minutes, the newest (still running) first.
    public var minutes: [Minute]

    /// Jobs acknowledged in a second, on average over `minutes`; `nil` without minutes.
    public var throughput: Double?
    /// The share of attempts that failed or lapsed in `minutes`; `nil` if there were none.
    public var failureRate: Double?

    /// Jobs that could be claimed now.
    public var depth: Int { waiting.reduce(0, +) + suspect }
}
