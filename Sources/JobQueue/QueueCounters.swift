/// What happened on a queue in a span of time.
public struct QueueCounters: Codable, Sendable, Hashable {
    /// Jobs put on the queue.
    public var enqueued = 0
    /// Jobs that were acknowledged.
    public var completed = 0
    /// Attempts that failed.
    public var failed = 0
    /// Failed attempts after which the job is tried again.
    public var retried = 0
    /// Leases that ran out.
    public var lapsed = 0
    /// Jobs that were dead-lettered.
    public var dead = 0
    /// Jobs that were cancelled or killed.
    public var cancelled = 0
    /// The running time of the acknowledged jobs, in microseconds.
    public var runMicroseconds: Int64 = 0
    /// The waiting times that were sampled (the oldest job of a claim), in milliseconds.
    public var waitMilliseconds: Int64 = 0
    /// How many waiting times were sampled.
    public var waited = 0

    /// Creates counters, all zero.
    public init() {}

    /// The mean running time of the acknowledged jobs, in microseconds; `nil` if there were none.
    public var meanRunMicroseconds: Double? { completed == 0 ? nil : Double(runMicroseconds) / Double(completed) }

    /// The mean of the sampled waiting times, in milliseconds; `nil` if there were none.
    public var meanWaitMilliseconds: Double? { waited == 0 ? nil : Double(waitMilliseconds) / Double(waited) }

    /// The share of attempts that failed or lapsed; `nil` if there were none.
    public var failureRate: Double? {
        let attempts = completed + failed + lapsed
        return attempts == 0 ? nil : Double(failed + lapsed) / Double(attempts)
    }

    /// Adds what happened in another span.
    public static func += (sum: inout QueueCounters, other: QueueCounters) {
        sum.enqueued += other.enqueued
        sum.completed += other.completed
        sum.failed += other.failed
        sum.retried += other.retried
        sum.lapsed += other.lapsed
        sum.dead += other.dead
        sum.cancelled += other.cancelled
        sum.runMicroseconds += other.runMicroseconds
        sum.waitMilliseconds += other.waitMilliseconds
        sum.waited += other.waited
    }
}

extension QueueCounters {
    /// Reads the fields that `Lua/stats.lua` counts.
    init(fields: [String: String]) {
        func count(_ field: String) -> Int { fields[field].flatMap { Int($0) } ?? 0 }
        self.init()
        enqueued = count("enqueued")
        completed = count("completed")
        failed = count("failed")
        retried = count("retried")
        lapsed = count("lapsed")
        dead = count("dead")
        cancelled = count("cancelled")
        runMicroseconds = Int64(count("run_us"))
        waitMilliseconds = Int64(count("wait_ms"))
        waited = count("waited")
    }
}
