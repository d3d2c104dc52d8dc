import JobQueue

/// What one queue did in the last minutes, put together from snapshots that each have only a few of them.
struct QueueTrack: Sendable, Hashable {
    /// The most minutes that are kept.
    static let minutesKept = 60
    /// Rates are those of the last so many milliseconds: short enough to see a change, long enough not to jump.
    static let window: Int64 = 10_000

    private struct Sample: Sendable, Hashable {
        var at: Int64
        var enqueued: Int
        var completed: Int
    }

    private(set) var minutes: [Int64: QueueCounters] = [:]
    private var samples: [Sample] = []
    private(set) var latest: Int64 = 0

    /// Takes a status in; its minutes must reach back to the one before.
    mutating func take(_ status: QueueStatus) {
        var sample = samples.last ?? Sample(at: status.at, enqueued: 0, completed: 0)
        let isFirst = samples.isEmpty
        sample.at = status.at
        for minute in status.minutes {
            let known = minutes[minute.minute] ?? QueueCounters()
            if !isFirst {
                // A queue that was removed and made anew counts from zero.
                sample.enqueued += max(0, minute.enqueued - known.enqueued)
                sample.completed += max(0, minute.completed - known.completed)
            }
            minutes[minute.minute] = minute.counters
        }
        latest = status.minutes.map(\.minute).max() ?? status.at / 60_000
        if minutes.count > Self.minutesKept {
            minutes = minutes.filter { $0.key > latest - Int64(Self.minutesKept) }
        }
        samples.append(sample)
        // One that is older than the window stays, so that the window is filled.
        while samples.count > 2, sample.at - samples[1].at >= Self.window { samples.removeFirst() }
    }

    /// Jobs put on the queue, and acknowledged, in a second.
    var rates: (in: Double, out: Double) {
        guard let first = samples.first, let last = samples.last, last.at > first.at else { return firstRates }
        let seconds = Double(last.at - first.at) / 1_000
        return (Double(last.enqueued - first.enqueued) / seconds, Double(last.completed - first.completed) / seconds)
    }

    /// Before there are two samples: those of the last whole minute and of what has passed of this one.
    private var firstRates: (in: Double, out: Double) {
        guard let at = samples.last?.at else { return (0, 0) }
        let seconds = Double(at - (latest - 1) * 60_000) / 1_000
        let counters = sum(minutes: 2)
        return (Double(counters.enqueued) / seconds, Double(counters.completed) / seconds)
    }

    /// What happened in the last so many minutes, the running one included.
    func sum(minutes count: Int) -> QueueCounters {
        var sum = QueueCounters()
        for minute in (latest - Int64(count) + 1)...latest { sum += minutes[minute] ?? QueueCounters() }
        return sum
    }

    /// A counter by minute, the oldest first, the running minute last.
    func series(_ count: Int, _ value: (QueueCounters) -> Int) -> [Int] {
        guard count > 0 else { return [] }
        return ((latest - Int64(count) + 1)...latest).map { minutes[$0].map(value) ?? 0 }
    }
}
