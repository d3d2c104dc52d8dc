import Foundation

/// The figures of one run: each key with the value of every repetition.
struct Report {
    private var values: [String: [Double]] = [:]
    private var order: [String] = []

    mutating func add(_ key: String, _ value: Double) {
        if values[key] == nil { order.append(key) }
        values[key, default: []].append(value)
    }

    func median(_ key: String) -> Double? { Self.median(values[key] ?? []) }

    /// The median of the ratios within the repetitions, so that what disturbed one disturbs both sides of its ratio.
    func ratio(_ key: String, to reference: String) -> Double? {
        Self.median(zip(values[key] ?? [], values[reference] ?? []).map { $0 / $1 })
    }

    private static func median(_ values: [Double]) -> Double? {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return nil }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// Every figure with its median, lowest and highest value.
    func writeFigures() {
        Self.row(["figure", "median", "min", "max"])
        for key in order {
            let all = values[key] ?? []
            Self.row([key] + [median(key), all.min(), all.max()].map { Self.number($0 ?? .nan) })
        }
    }

    /// Every goal with its value, its reference and whether it was met; returns whether all that were measured are met.
    func writeGoals() {
        Self.row(["goal", "value", "reference", "ratio", "goal", ""])
        for goal in Goal.all {
            guard let value = median(goal.key) else { continue }
            var cells = [goal.key, Self.number(value)]
            let measured: Double
            if let key = goal.reference {
                guard let reference = median(key), let ratio = ratio(goal.key, to: key) else { continue }
                cells += [Self.number(reference), String(format: "%.2f", ratio)]
                measured = ratio
            } else {
                cells += ["", ""]
                measured = value
            }
            cells.append((goal.isLeast ? "≥ " : "≤ ") + String(format: "%g", goal.bound))
            cells.append((goal.isMet(by: measured) ? "met" : "MISSED") + (goal.reference.map { "  of \($0)" } ?? ""))
            Self.row(cells)
        }
    }

    /// One line of JSON: key → median.
    func json() throws -> String {
        var medians: [String: Double] = [:]
        for key in order { medians[key] = ((median(key) ?? .nan) * 1_000).rounded() / 1_000 }
        let data = try JSONSerialization.data(withJSONObject: medians, options: [.sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }

    static func number(_ value: Double) -> String {
        value >= 100 ? String(format: "%.0f", value) : String(format: "%.3f", value)
    }

    static func row(_ cells: [String], first: Int = 32) {
        print(
            cells.enumerated().map { index, cell in
                let padding = String(repeating: " ", count: max(0, (index == 0 ? first : 10) - cell.count))
                return index == 0 || index == 5 ? cell + padding : padding + cell
            }.joined(separator: "  "))
    }
}

/// A bound on a figure, or on its ratio to a reference of the same run.
struct Goal {
    let key: String
    var reference: String?
    var isLeast = true
    let bound: Double

    func isMet(by value: Double) -> Bool { isLeast ? value >= bound : value <= bound }

    /// The goals of `docs/job-queue.md`.
    static let all = [
        Goal(key: "queue.drain_per_s", reference: "peer.sidekiq.drain_per_s", bound: 12),
        Goal(key: "queue.drain_fsync_per_s", reference: "peer.sidekiq.drain_fsync_per_s", bound: 10),
        Goal(key: "queue.enqueue_single_per_s", reference: "redis.same_script_c1_p1_per_s", bound: 0.7),
        Goal(key: "queue.enqueue_64_per_s", reference: "redis.evalsha_c50_p16_per_s", bound: 0.7),
        Goal(key: "queue.enqueue_bulk_per_s", reference: "redis.lpush_c1_p64_per_s", bound: 0.5),
        Goal(key: "redis_client.lpush_64_per_s", reference: "redis.lpush_c1_p64_per_s", bound: 0.8),
        Goal(key: "queue.pickup_p50_ms", reference: "peer.sidekiq.pickup_p50_ms", isLeast: false, bound: 0.5),
        Goal(key: "queue.pickup_p99_ms", reference: "peer.sidekiq.pickup_p99_ms", isLeast: false, bound: 1),
        Goal(key: "queue.idle_commands_per_s", isLeast: false, bound: 2),
        Goal(key: "queue.redis_calls_per_job", isLeast: false, bound: 1),
        Goal(key: "queue.round_trips_per_job", isLeast: false, bound: 0.1),
        Goal(key: "queue.worker_rss_mib", isLeast: false, bound: 40),
        Goal(key: "queue.cost_ratio_5m_to_1k", isLeast: false, bound: 2),
    ]
}
