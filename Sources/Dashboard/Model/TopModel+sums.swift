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

    /// What an operator should look at, the worst first.
    var alarms: [String] {
        func named(_ condition: QueueRow.Condition, _ text: (QueueRow) -> String) -> [String] {
            queues.filter { $0.condition == condition }.sorted { $0.status.name < $1.status.name }.map(text)
        }
        var alarms = named(.unserved) { "\($0.status.name): \(Format.count($0.status.depth)) wait, no worker" }
        let silent = workers.filter(\.isStale)
        if let first = silent.first {
            alarms.append(
                silent.count == 1
                    ? "worker \(first.name) silent for \(Format.span(at - first.beatAt))"
                    : "\(silent.count) workers silent")
        }
        alarms += named(.failing) { "\($0.status.name): \(Format.percent($0.failureRate))% fail" }
        alarms += named(.paused) {
            "\($0.status.name): paused" + ($0.status.depth > 0 ? ", \(Format.count($0.status.depth)) wait" : "")
        }
        alarms += queues.filter { $0.status.dead > 0 }.sorted {
            ($1.status.dead, $0.status.name) < ($0.status.dead, $1.status.name)
        }.map { "\($0.status.name): \(Format.count($0.status.dead)) dead" }
        alarms += named(.parked) { "\($0.status.name): \(Format.count($0.status.parked)) parked" }
        return alarms
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
