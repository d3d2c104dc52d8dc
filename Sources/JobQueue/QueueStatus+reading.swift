internal import RedisClient

extension QueueStatus {
    /// Reads one queue of the reply of `Lua/inspect.lua`.
    init?(reply: RESPValue, at: Int64) {
        guard let values = reply.array, values.count >= 12, let name = values[0].string, let meta = values[1].array,
            meta.count == 8
        else { return nil }
        let numbers = values[2..<12].compactMap(\.int)
        guard numbers.count == 10 else { return nil }
        let newest = at / 60_000
        let minutes = values.dropFirst(12).enumerated().map { offset, counters in
            Minute(minute: newest - Int64(offset), counters: QueueCounters(fields: counters.fields))
        }
        let sum = minutes.reduce(into: QueueCounters()) { $0 += $1.counters }
        let limits = QueueLimits(meta: meta)
        self.init(
            name: name, at: at, isPaused: !meta[0].isNull, pausedAt: meta[0].milliseconds, limits: limits,
            tokens: limits.rate?.tokens(meta[5].double, at: meta[6].double, now: at),
            cancelRequests: meta[7].milliseconds.map { Int($0) } ?? 0, waiting: Array(numbers[0...2]),
            suspect: numbers[3], running: numbers[4], scheduled: numbers[5], parked: numbers[6], dead: numbers[7],
            completed: numbers[8], latencyMilliseconds: numbers[9] < 0 ? nil : Int64(numbers[9]), minutes: minutes,
            throughput: minutes.last.map { oldest in
                Double(sum.completed) * 1000 / Double(max(1, at - oldest.minute * 60_000))
            },
            failureRate: sum.failureRate)
    }
}

extension QueueLimits {
    /// Reads limit, rate, rate_ms and burst from the fields of a queue's `meta`.
    init(meta: [RESPValue]) {
        let numbers = meta.map { $0.milliseconds }
        var rate: RateLimit?
        if let count = numbers[2], let span = numbers[3] {
            rate = RateLimit(Int(count), per: .milliseconds(span), burst: numbers[4].map { Int($0) })
        }
        self.init(concurrency: numbers[1].map { Int($0) }, rate: rate)
    }
}

extension QueueLimits.RateLimit {
    /// What is in the bucket now, which begins full: what was left at the last claim and what flowed in since.
    func tokens(_ left: Double?, at then: Double?, now: Int64) -> Int {
        guard let left, let then else { return burst }
        let flown = max(0, Double(now) - then) * Double(count) / Double(milliseconds)
        return Int(max(0, min(Double(burst), left + flown)))
    }
}

extension QueueHistory {
    /// Reads the reply of `Lua/history.lua`.
    init?(queue: String, step: Step, reply: RESPValue) {
        guard let values = reply.array, values.count >= 3, let now = values[0].int, let counted = values[1].int else {
            return nil
        }
        let newest = now / 60_000 / step.minutes
        var points = values.dropFirst(3).enumerated().map { offset, fields in
            Point(
                at: Int64((newest - offset) * step.minutes * 60_000), counters: QueueCounters(fields: fields.fields))
        }
        let running = newest - counted / step.minutes
        if step != .minute, counted >= 0, points.indices.contains(running) {
            var counters = points[running].counters
            counters += QueueCounters(fields: values[2].fields)
            points[running] = Point(at: points[running].at, counters: counters)
        }
        self.init(queue: queue, step: step, points: points.reversed())
    }
}
