import JobQueue

extension TopModel {
    /// The sums over all queues.
    var totals: TopTotals {
        var totals = TopTotals()
        var counters = QueueCounters()
        for row in queues {
            totals.waiting += row.status.depth
            totals.running += row.status.running
            totals.scheduled += row.status.scheduled
            totals.parked += row.status.parked
            totals.dead += row.status.dead
            totals.inPerSecond += row.track.rates.in
            totals.outPerSecond += row.track.rates.out
            counters += row.track.sum(minutes: 5)
        }
        totals.failureRate = counters.failureRate
        totals.oldestMilliseconds = queues.compactMap(\.status.latencyMilliseconds).max()
        totals.workers = workers.count
        totals.silentWorkers = workers.count { $0.isStale }
        totals.places = workers.reduce(0) { $0 + ($1.isStale ? 0 : $1.concurrency) }
        return totals
    }

    /// What an operator should look at, the worst first; each kind of trouble is one sentence.
    var alarms: [String] {
        func alarm(_ kind: String, _ isMeant: (QueueRow) -> Bool, _ figure: (QueueRow) -> String) -> String? {
            listed(kind, queues.filter(isMeant).map { ($0.status.name, figure($0)) }.sorted { $0.0 < $1.0 })
        }
        let silent = workers.filter(\.isStale).map { ($0.name, Format.span(at - $0.beatAt)) }
        return [
            alarm("no worker", { $0.condition == .unserved }) { Format.count($0.status.depth) },
            listed("silent", silent),
            alarm("failing", { ($0.failureRate ?? 0) >= QueueRow.failingRate }) {
                Format.percent($0.failureRate) + "%"
            },
            alarm("paused", { $0.status.isPaused }) { $0.status.depth > 0 ? Format.count($0.status.depth) : "" },
            alarm("dead", { $0.status.dead > 0 }) { Format.count($0.status.dead) },
            alarm("parked", { $0.status.parked > 0 }) { Format.count($0.status.parked) },
        ].compactMap { $0 }
    }

    private func listed(_ kind: String, _ items: [(name: String, figure: String)]) -> String? {
        guard !items.isEmpty else { return nil }
        let shown = items.prefix(3).map { $0.figure.isEmpty ? $0.name : "\($0.name) \($0.figure)" }
        let more = items.count > 3 ? ", +\(items.count - 3)" : ""
        return "\(kind): " + shown.joined(separator: ", ") + more
    }
}

/// The sums over all queues.
struct TopTotals: Sendable, Hashable, Encodable {
    var waiting = 0
    var running = 0
    var places = 0
    var scheduled = 0
    var parked = 0
    var dead = 0
    var inPerSecond = 0.0
    var outPerSecond = 0.0
    var failureRate: Double?
    var oldestMilliseconds: Int64?
    var workers = 0
    var silentWorkers = 0
}
