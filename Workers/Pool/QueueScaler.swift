/// Decides how many processes a queue gets, over all pools: a pure state machine, told what is and when.
///
/// Up at once, because waiting costs the users: the wait is compared with the goal, and the processes grow by as much as
/// it is over, at most twofold at a time. Down slowly, one at a time, because a process that was just stopped is soon
/// missed: only after half a minute in which fewer would have done, and not within a minute of growing. That order is
/// what keeps it from flapping.
struct QueueScaler: Sendable {
    /// What is known of a queue.
    struct Observation: Sendable {
        /// The time, in seconds of any monotonic clock.
        var at: Double
        /// Jobs that could be claimed.
        var waiting: Int
        /// Live leases.
        var running: Int
        /// How long the oldest claimable job has waited, in seconds.
        var latency: Double
        /// The mean running time of a job lately, in seconds; `nil` if none ended.
        var meanRun: Double?
        /// The processes that are ready for work.
        var ready: Int
        /// Whether claims are paused: a wait then says nothing.
        var isPaused: Bool
    }

    /// The bounds and the goal.
    struct Limits: Sendable, Equatable {
        var minimum: Int
        var maximum: Int
        var concurrency: Int
        /// The wait to stay below, in seconds.
        var goal: Double
    }

    /// A process needs about this long until it takes its first job: growing again sooner would count the same wait twice.
    static let growthPause = 4.0
    /// How long fewer processes must have been enough.
    static let calm = 30.0
    /// No shrinking within this time of growing.
    static let holdAfterGrowth = 60.0

    private(set) var wanted: Int?
    private var grewAt: Double?
    private var calmSince: Double?
    private var load = 0.0
    private var loadAt: Double?

    /// The processes to run from now on.
    mutating func decide(_ seen: Observation, _ limits: Limits) -> Int {
        var count = min(max(wanted ?? max(seen.ready, limits.minimum), limits.minimum), limits.maximum)
        defer { wanted = count }
        measureLoad(seen)
        guard !seen.isPaused else {
            calmSince = nil
            return count
        }
        let wait = expectedWait(seen, limits, processes: max(1, min(seen.ready, count)))
        if wait > limits.goal, seen.waiting > 0 {
            calmSince = nil
            if grewAt.map({ seen.at - $0 >= Self.growthPause }) ?? true, count < limits.maximum {
                let factor = min(2, wait / max(limits.goal, 0.001))
                count = min(limits.maximum, max(count + 1, Int((Double(count) * factor).rounded(.up))))
                grewAt = seen.at
            }
            return count
        }
        count = shrunk(count, seen, limits, wait: wait)
        return count
    }

    private mutating func shrunk(_ count: Int, _ seen: Observation, _ limits: Limits, wait: Double) -> Int {
        let fewer = Double((count - 1) * limits.concurrency)
        guard count > limits.minimum, wait < limits.goal / 2, load <= 0.7 * fewer || load < 0.01 else {
            calmSince = nil
            return count
        }
        let since = calmSince ?? seen.at
        calmSince = since
        guard seen.at - since >= Self.calm, seen.at - (grewAt ?? -.infinity) >= Self.holdAfterGrowth else {
            return count
        }
        calmSince = seen.at
        return count - 1
    }

    /// The oldest job's wait, or what the backlog will make of it: a burst is seen before anyone has waited long.
    private func expectedWait(_ seen: Observation, _ limits: Limits, processes: Int) -> Double {
        guard let run = seen.meanRun, run > 0 else { return seen.latency }
        let places = Double(processes * limits.concurrency)
        return max(seen.latency, Double(seen.waiting) * run / places)
    }

    /// The places in use, smoothed over ten seconds: leases come and go between two looks.
    private mutating func measureLoad(_ seen: Observation) {
        let elapsed = loadAt.map { seen.at - $0 } ?? 10
        let weight = min(1, max(0, elapsed / 10))
        load += (Double(seen.running) - load) * weight
        loadAt = seen.at
    }
}
