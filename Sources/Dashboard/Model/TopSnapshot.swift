public import JobQueue

/// What was read for one screen.
public struct TopSnapshot: Sendable, Hashable {
    /// When, in Unix milliseconds of Redis's clock.
    public var at: Int64
    /// The queues, by name, with their latest minutes.
    public var queues: [QueueStatus]
    /// The workers.
    public var workers: [WorkerRecord]
    /// The dead jobs that died last, over all queues, the latest first; `nil` if they were not asked for.
    public var dead: [JobRecord]?
    /// The periodic entries; `nil` if they were not asked for.
    public var schedules: [ScheduleRecord]?

    /// Creates a snapshot.
    public init(
        at: Int64, queues: [QueueStatus], workers: [WorkerRecord], dead: [JobRecord]? = nil,
        schedules: [ScheduleRecord]? = nil
    ) {
        self.at = at
        self.queues = queues
        self.workers = workers
        self.dead = dead
        self.schedules = schedules
    }
}
