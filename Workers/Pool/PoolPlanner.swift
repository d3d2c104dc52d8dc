internal import JobQueue

/// The leader's part of a pool: how many processes each queue gets, and which pool runs them.
///
/// Pure, but for the scalers' memory: it is told what the registry and the queues say.
struct PoolPlanner: Sendable {
    private var scalers: [String: QueueScaler] = [:]

    /// A plan for all pools from what is seen; queues that were not measured keep what they have.
    mutating func plan(
        _ view: PoolView, _ seen: [String: QueueScaler.Observation]
    ) -> [(pool: String, queue: String, processes: Int)] {
        let queues = Set(view.pools.flatMap { $0.shares.map(\.queue) }).sorted()
        var plan: [(pool: String, queue: String, processes: Int)] = []
        for queue in queues {
            let shares: [(pool: String, share: PoolRecord.Share)] = view.pools.sorted { $0.id < $1.id }
                .compactMap { pool in pool.shares.first { $0.queue == queue }.map { (pool.id, $0) } }
            var limits = Self.limits(shares.map(\.share))
            if let override = view.overrides[queue] {
                limits.minimum = min(override.minimum, limits.maximum)
                limits.maximum = min(override.maximum, limits.maximum)
            }
            let total: Int
            if let observation = seen[queue] {
                total = scalers[queue, default: QueueScaler()].decide(observation, limits)
            } else {
                let current = shares.reduce(0) { $0 + $1.share.wanted }
                total = min(max(current, limits.minimum), limits.maximum)
            }
            plan += Self.shared(total, shares, isOverridden: view.overrides[queue] != nil)
                .map { ($0.pool, queue, $0.processes) }
        }
        return plan
    }

    /// Drops the memory, when another pool leads: its plans are newer.
    mutating func reset() {
        scalers = [:]
    }

    private static func limits(_ shares: [PoolRecord.Share]) -> QueueScaler.Limits {
        QueueScaler.Limits(
            minimum: shares.reduce(0) { $0 + $1.minimum }, maximum: shares.reduce(0) { $0 + $1.maximum },
            concurrency: shares.map(\.concurrency).max() ?? 1,
            goal: Double(shares.map(\.latencyGoalMilliseconds).min() ?? 1000) / 1000)
    }

    /// Distributes processes with as few moves as it takes: the pool with the most room grows, the fullest shrinks.
    static func shared(
        _ total: Int, _ shares: [(pool: String, share: PoolRecord.Share)], isOverridden: Bool
    ) -> [(pool: String, processes: Int)] {
        // An operator may go below a pool's own minimum, never above its maximum.
        let least = shares.map { isOverridden ? 0 : $0.share.minimum }
        var counts = zip(shares, least).map { min(max($0.share.wanted, $1), $0.share.maximum) }
        var sum = counts.reduce(0, +)
        while sum < total {
            let room = counts.indices.filter { counts[$0] < shares[$0].share.maximum }
            guard let index = room.max(by: { Self.spare(counts, shares, $0) < Self.spare(counts, shares, $1) })
            else { break }
            counts[index] += 1
            sum += 1
        }
        while sum > total {
            let above = counts.indices.filter { counts[$0] > least[$0] }
            guard let index = above.min(by: { Self.spare(counts, shares, $0) < Self.spare(counts, shares, $1) })
            else { break }
            counts[index] -= 1
            sum -= 1
        }
        return zip(shares, counts).map { ($0.pool, $1) }
    }

    private static func spare(_ counts: [Int], _ shares: [(pool: String, share: PoolRecord.Share)], _ index: Int)
        -> Double
    {
        Double(shares[index].share.maximum - counts[index]) / Double(max(1, shares[index].share.maximum))
    }
}
