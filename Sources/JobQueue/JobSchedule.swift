public import Foundation

/// A periodic entry: when something happens, and the job that is enqueued then.
///
/// ```swift
/// let nightly = try JobSchedule(
///     "nightly-ledger", CronExpression("0 3 * * *", timeZone: "Europe/Berlin"), job: VerifyLedger())
/// ```
/// Each instant of the expression (a *tick*) is enqueued at most once, whatever the number of processes that run the
/// entry; the job's id says entry and tick (`cron.nightly-ledger.20261124T020000Z`).
///
/// Raise ``version`` when the entry changes: an older version never advances a newer one, so that the processes of a
/// rolling deploy don't take turns. Among the same version the process that started last decides. To go back to an
/// older version, forget the entry (``QueueInspector/forgetSchedule(_:)``).
public struct JobSchedule: Sendable {
    /// What happens to ticks that nobody enqueued in time, because no scheduler ran or Redis could not be reached.
    public enum CatchUp: Sendable, Hashable {
        /// They are dropped: a tick runs only within the ``JobSchedule/maximumLateness``, one minute if none is set.
        case none
        /// One run for however many were missed, at the latest of them.
        case latest
        /// Each of them, in order, but at most the latest `limit` (1 to 1,000).
        case all(limit: Int)
    }

    /// The entry's name: 1 to 64 letters, digits, `.`, `_` or `-`.
    public let name: String
    /// When its ticks are.
    public let expression: CronExpression
    /// The entry's version, from 1.
    public let version: Int
    /// What happens to missed ticks.
    public var catchUp: CatchUp
    /// How late a tick may be enqueued; older ones are dropped.
    ///
    /// `nil` for any time, but see ``CatchUp/none``.
    public var maximumLateness: Duration?
    /// Each tick's job waits for a part of this, the same for the same tick everywhere, so that entries of the same
    /// time don't all begin at once.
    public var spread: Duration
    /// Whether it has ticks; one that is off still shows up, and can be run by hand.
    public var isEnabled: Bool
    let typeName: String
    let queueName: String
    let prepare: @Sendable (Date) throws -> PreparedJob

    /// Describes an entry whose job depends on the tick.
    ///
    /// - Parameter job: makes the job of a tick; its error is logged, and it is asked again after half a minute.
    public init<J: Job>(
        _ name: String, _ expression: CronExpression, version: Int = 1, catchUp: CatchUp = .latest,
        maximumLateness: Duration? = nil, spread: Duration = .zero, isEnabled: Bool = true,
        job: @escaping @Sendable (Date) throws -> J
    ) {
        self.init(
            name, expression, version: version, catchUp: catchUp, maximumLateness: maximumLateness, spread: spread,
            isEnabled: isEnabled, typeName: J.name, queueName: J.queue
        ) { try job($0).prepared() }
    }

    /// Describes an entry with the same job at each tick.
    public init<J: Job>(
        _ name: String, _ expression: CronExpression, version: Int = 1, catchUp: CatchUp = .latest,
        maximumLateness: Duration? = nil, spread: Duration = .zero, isEnabled: Bool = true, job: J
    ) {
        self.init(
            name, expression, version: version, catchUp: catchUp, maximumLateness: maximumLateness, spread: spread,
            isEnabled: isEnabled, typeName: J.name, queueName: J.queue
        ) { _ in try job.prepared() }
    }

    /// Describes an entry that prepares its jobs itself, with a priority, a trace or a lock that keeps two runs apart.
    ///
    /// The scheduler gives the job its id.
    public init(
        _ name: String, _ expression: CronExpression, version: Int = 1, catchUp: CatchUp = .latest,
        maximumLateness: Duration? = nil, spread: Duration = .zero, isEnabled: Bool = true,
        prepare: @escaping @Sendable (Date) throws -> PreparedJob
    ) {
        self.init(
            name, expression, version: version, catchUp: catchUp, maximumLateness: maximumLateness, spread: spread,
            isEnabled: isEnabled, typeName: "", queueName: "", prepare: prepare)
    }

    private init(
        _ name: String, _ expression: CronExpression, version: Int, catchUp: CatchUp, maximumLateness: Duration?,
        spread: Duration, isEnabled: Bool, typeName: String, queueName: String,
        prepare: @escaping @Sendable (Date) throws -> PreparedJob
    ) {
        self.name = name
        self.expression = expression
        self.version = version
        self.catchUp = catchUp
        self.maximumLateness = maximumLateness
        self.spread = spread
        self.isEnabled = isEnabled
        self.typeName = typeName
        self.queueName = queueName
        self.prepare = prepare
    }

    func validate() throws {
        guard isPlainName(name) else {
            throw JobQueueError(
                .invalidSchedule, "schedule '\(name)': allowed are 1 to 64 letters, digits, '.', '_' or '-'.")
        }
        guard version > 0 else {
            throw JobQueueError(.invalidSchedule, "schedule '\(name)', version \(version): allowed are 1 and up.")
        }
        if case .all(let limit) = catchUp, !(1...1000).contains(limit) {
            throw JobQueueError(.invalidSchedule, "schedule '\(name)', limit \(limit): allowed are 1 to 1000.")
        }
        guard spread >= .zero, maximumLateness ?? .zero >= .zero else {
            throw JobQueueError(
                .invalidSchedule, "schedule '\(name)': neither its spread nor its lateness can be negative.")
        }
    }
}
