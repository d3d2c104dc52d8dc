import JobQueue

/// A snapshot for programs; times are Redis's, in Unix milliseconds.
public struct TopReport: Sendable, Encodable {
    /// One queue.
    struct Queue: Sendable, Encodable {
        let name: String
        let state: String
        let pausedAt: Int64?
        let waiting: Int
        let running: Int
        let scheduled: Int
        let parked: Int
        let dead: Int
        let oldestMilliseconds: Int64?
        let inPerSecond: Double
        let outPerSecond: Double
        let failureRate: Double?
        let workers: Int
        let places: Int
        let completedByMinute: [Int]

        init(_ row: QueueRow) {
            let status = row.status
            name = status.name
            state = row.condition == .active ? "active" : row.condition.text.replacing(" ", with: "_")
            pausedAt = status.pausedAt
            waiting = status.depth
            running = status.running
            scheduled = status.scheduled
            parked = status.parked
            dead = status.dead
            oldestMilliseconds = status.latencyMilliseconds
            inPerSecond = row.track.rates.in
            outPerSecond = row.track.rates.out
            failureRate = row.failureRate
            workers = row.workers
            places = row.places
            completedByMinute = row.track.series(15) { $0.completed }
        }
    }

    /// When it was read.
    let at: Int64
    /// The sums over all queues.
    let totals: TopTotals
    /// What an operator should look at, the worst first.
    let alarms: [String]
    /// The queues, by name.
    let queues: [Queue]
    /// The workers.
    let workers: [WorkerRecord]
    /// The jobs that died last, at most 100.
    let dead: [JobRecord]
    /// The periodic jobs.
    let schedules: [ScheduleRecord]

    /// Reports what a model has taken in.
    public init(_ model: TopModel) {
        at = model.at
        totals = model.totals
        alarms = model.alarms
        queues = model.queues.map { Queue($0) }
        workers = model.workers
        dead = model.dead ?? []
        schedules = model.schedules ?? []
    }
}
