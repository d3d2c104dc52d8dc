public import Logging
public import RedisClient

/// The producers' side of the queue: puts jobs on queues, alone or as part of a state change.
///
/// An acknowledged enqueue is never lost as long as Redis keeps what it acknowledged (`appendfsync always`, no
/// failover; where there is failover, `replication` narrows what it can lose). Jobs run at least once; their effects on Redis (``Effect``) happen exactly once.
public struct JobQueue: Sendable {
    /// How much of the past a queue keeps.
    public struct Limits: Sendable, Hashable {
        /// Ended jobs that are remembered for deduplication and results, per queue.
        public var completed: Int
        /// Dead-lettered jobs that are kept, per queue; the oldest go first.
        public var dead: Int

        /// Creates limits.
        public init(completed: Int = 100_000, dead: Int = 10_000) {
            self.completed = completed
            self.dead = dead
        }
    }

    /// The largest payload that can be enqueued, in bytes.
    public static let maximumPayloadBytes = 1 << 20
    /// The most jobs or ids in one script's call.
    static let maximumBatch = 1000
    /// The most bytes of jobs in one script's call, as long as it is more than one job.
    ///
    /// It bounds for how long one call keeps Redis from others, and what it takes of its memory in between.
    static let maximumCallBytes = 8 << 20
    /// The most bytes of one domain script's call, which can't be split.
    static let maximumScriptBytes = 64 << 20

    /// The part of Redis that the queues live in.
    public let namespace: Namespace
    let redis: RedisClient
    let logger: Logger
    let limits: Limits
    let keys: Keys
    let coalescer: EnqueueCoalescer
    let metrics = QueueMetrics()
    let middleware: [any EnqueueMiddleware]
    let replication: ReplicationRequirement?

    /// Creates the producers' side over a client.
    ///
    /// - Parameters:
    ///   - middleware: sees the jobs of every call before they go to Redis, the first one first.
    ///   - replication: how many replicas must have a job, or a state change of ``run(_:keys:arguments:jobs:retry:)``, before
    ///     it is acknowledged; callers at the same time share one `WAIT`. `nil` does not wait for any.
    public init(
        redis: RedisClient, namespace: Namespace, logger: Logger, limits: Limits = Limits(),
        middleware: [any EnqueueMiddleware] = [], replication: ReplicationRequirement? = nil
    ) {
        self.namespace = namespace
        self.redis = redis
        self.logger = logger
        self.limits = limits
        self.middleware = middleware
        self.replication = replication
        keys = Keys(namespace)
        coalescer = EnqueueCoalescer(redis: redis, anchor: namespace.prefix, replication: replication)
    }
}
