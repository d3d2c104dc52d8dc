/// The policy of a job type.
public struct JobOptions: Sendable, Hashable {
    /// The level at which its jobs wait.
    public var priority: JobPriority
    /// The failure at which a job is dead-lettered; 1 means that it is never tried again.
    public var maximumFailures: Int
    /// The lapse (a worker that died or froze with the job) at which a job is dead-lettered.
    public var maximumLapses: Int
    /// The time one attempt may take until its handler is cancelled; `nil` for no limit.
    public var timeout: Duration?
    /// The wait between a failure and the next attempt.
    public var backoff: Backoff
    /// How long after its end enqueuing the same id is still a no-op.
    ///
    /// A queue remembers at most ``JobQueue/Limits/completed`` ended jobs, the latest ones.
    public var deduplicationWindow: Duration
    /// How long the result of a completed job is kept.
    public var resultRetention: Duration
    /// Whether a job keeps others of the same type and key from its queue, and for how long; `nil` for no.
    public var uniqueness: Uniqueness?

    /// Creates a policy.
    public init(
        priority: JobPriority = .normal,
        maximumFailures: Int = 10,
        maximumLapses: Int = 3,
        timeout: Duration? = nil,
        backoff: Backoff = Backoff(),
        deduplicationWindow: Duration = .seconds(600),
        resultRetention: Duration = .zero,
        uniqueness: Uniqueness? = nil
    ) {
        self.priority = priority
        self.maximumFailures = maximumFailures
        self.maximumLapses = maximumLapses
        self.timeout = timeout
        self.backoff = backoff
        self.deduplicationWindow = deduplicationWindow
        self.resultRetention = resultRetention
        self.uniqueness = uniqueness
    }
}
