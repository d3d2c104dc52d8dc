internal import RedisClient

/// What a handler hands back: applied together with the acknowledgement, and only while its claim holds the lease.
public struct Completion: Sendable {
    /// The changes in Redis, checked all, then applied in this order.
    public var effects: [Effect]
    /// The jobs that follow from this one.
    public var followUps: [PreparedJob]
    /// Text kept for the type's ``JobOptions/resultRetention``, at most 64 KiB.
    public var result: String?

    /// Creates a completion.
    public init(effects: [Effect] = [], followUps: [PreparedJob] = [], result: String? = nil) {
        self.effects = effects
        self.followUps = followUps
        self.result = result
    }

    /// The job is done and nothing follows.
    public static let done = Completion()

    /// The most bytes that go to Redis with one completion.
    static let maximumBytes = 64 << 20

    var isPlain: Bool { effects.isEmpty && followUps.isEmpty && result == nil }

    var jobCount: Int { followUps.count + effects.reduce(0) { $0 + $1.jobs.count } }

    var byteCount: Int {
        let effects = effects.reduce(0) { sum, effect in
            sum + effect.arguments.reduce(0) { $0 + $1.byteCount } + effect.jobs.reduce(0) { $0 + $1.byteCount }
        }
        return effects + followUps.reduce(0) { $0 + $1.byteCount } + (result?.utf8.count ?? 0)
    }
}

extension Completion {
    /// The same with the job's tag and trace context for what follows from it and has none of its own.
    func inheriting(from context: JobContext) -> Completion {
        guard !isPlain, context.tag != nil || context.traceID != nil else { return self }
        func child(_ job: PreparedJob) -> PreparedJob { job.inheriting(tag: context.tag, traceID: context.traceID) }
        var heir = self
        heir.followUps = followUps.map(child)
        heir.effects = effects.map { effect in
            var effect = effect
            effect.jobs = effect.jobs.map(child)
            return effect
        }
        return heir
    }
}
