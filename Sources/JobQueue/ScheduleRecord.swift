/// A periodic entry as the schedulers know it; times are Unix milliseconds on Redis's clock.
public struct ScheduleRecord: Codable, Sendable, Hashable {
    /// Its name.
    public var name: String
    /// The version that advances it.
    public var version: Int
    /// When its ticks are.
    public var expression: String
    /// The IANA name of the zone of ``expression``.
    public var timeZone: String
    /// What happens to missed ticks: `none`, `latest` or `all`.
    public var catchUp: String
    /// The type of its jobs; empty if it is not known before.
    public var type: String
    /// The queue of its jobs; empty if it is not known before.
    public var queue: String
    /// Whether its definition gives it ticks.
    public var isEnabled: Bool
    /// When an operator paused it.
    public var pausedAt: Int64?
    /// The next tick that will be enqueued; `nil` while it is paused or off.
    public var nextTick: Int64?
    /// The latest tick that was enqueued.
    public var lastTick: Int64?
    /// When a job was enqueued last, for a tick or by hand.
    public var lastRunAt: Int64?
    /// That job.
    public var lastJob: JobID?
    /// When a scheduler last declared it; long ago means that no process has it any more.
    public var seenAt: Int64

    /// Whether no scheduler has it any more: it missed four looks in a row, so nobody ticks it.
    ///
    /// - Parameter now: Redis's time, in Unix milliseconds.
    public func isForgotten(at now: Int64) -> Bool { now - seenAt > 4 * JobScheduler.lookInterval }
}

/// A tick that was dealt with; times are Unix milliseconds on Redis's clock.
public struct ScheduleTick: Codable, Sendable, Hashable {
    /// What became of it.
    public enum Outcome: String, Codable, Sendable {
        /// Its job was enqueued.
        case enqueued
        /// A job of its id or with its lock was there already.
        case duplicate
        /// It was too late, or another stood for it; ``ScheduleTick/count`` of them.
        case dropped
        /// No tick: an operator wanted a run.
        case manual
    }

    /// The tick; of several dropped ones the one that ended them.
    public var tick: Int64
    /// When it was dealt with.
    public var at: Int64
    /// What became of it.
    public var outcome: Outcome
    /// How many ticks the line stands for.
    public var count: Int
    /// The queue of the job.
    public var queue: String?
    /// The job.
    public var job: JobID?
}
