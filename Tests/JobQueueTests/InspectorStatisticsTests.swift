import JobQueue
import RedisClient
import TestSupport
import Testing

struct InspectorStatisticsTests {
    /// The current minute of the server, at least a second away from its end.
    private func minute(_ harness: QueueHarness) async throws -> Int {
        while true {
            let seconds = try await harness.client.send(RedisCommand("TIME")).array?[0].int ?? 0
            if seconds % 60 < 55 { return seconds / 60 }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func fields(_ harness: QueueHarness, _ part: String) async throws -> [String: Int] {
        let flat = try await harness.client.send(RedisCommand("HGETALL", harness.key("q:work:" + part))).array ?? []
        return stride(from: 0, to: flat.count, by: 2).reduce(into: [:]) { $0[flat[$1].string ?? ""] = flat[$1 + 1].int }
    }

    @Test("a minute's counters are rolled up into its hour and its day once, when the next minute begins")
    func rollUp() async throws {
        try await QueueHarness.run { harness in
            let minute = try await minute(harness)
            let old = minute - 1
            let key = harness.key("q:work:stat:\(old)")
            try await harness.write(
                RedisCommand("HSET", key, "enqueued", 5, "completed", 4, "run_us", 8_000, "wait_ms", 30, "waited", 3))
            try await harness.write(RedisCommand("HSET", harness.key("q:work:meta"), "counted", RedisArgument(old)))
            try await harness.queue.enqueue(Work())
            try await harness.queue.enqueue(Work(), delay: .seconds(60))
            let expected = ["enqueued": 5, "completed": 4, "run_us": 8_000, "wait_ms": 30, "waited": 3]
            #expect(try await fields(harness, "stat:h:\(old / 60)") == expected)
            #expect(try await fields(harness, "stat:d:\(old / 1_440)") == expected)
            #expect(try await fields(harness, "stat:\(minute)") == ["enqueued": 2])
            for (part, seconds) in [
                ("\(minute)", 90_000), ("h:\(old / 60)", 2_764_800), ("d:\(old / 1_440)", 34_560_000),
            ] {
                let left =
                    try await harness.client.send(RedisCommand("TTL", harness.key("q:work:stat:" + part))).int ?? 0
                #expect((seconds - 60...seconds).contains(left))
            }
        }
    }

    @Test("history comes in evenly spaced points, with zeros for gaps and the running minute in its hour and day")
    func history() async throws {
        try await QueueHarness.run { harness in
            let minute = try await minute(harness)
            let old = minute - 3
            try await harness.write(
                RedisCommand(
                    "HSET", harness.key("q:work:stat:\(old)"), "completed", 4, "run_us", 8_000, "wait_ms", 30, "waited",
                    3))
            try await harness.write(RedisCommand("HSET", harness.key("q:work:meta"), "counted", RedisArgument(old)))
            try await harness.queue.enqueue(Work())
            let minutes = try await harness.inspector.history(queue: "work", by: .minute, count: 10)
            #expect(minutes.points.map(\.at) == (minute - 9...minute).map { Int64($0) * 60_000 })
            #expect(minutes.points.map(\.counters.completed) == [0, 0, 0, 0, 0, 0, 4, 0, 0, 0])
            #expect(minutes.points.map(\.counters.enqueued) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
            #expect(minutes.points[6].meanRunMicroseconds == 2_000 && minutes.points[6].meanWaitMilliseconds == 10)
            #expect(minutes.points[5].meanRunMicroseconds == nil)
            for step in [QueueHistory.Step.hour, .day] {
                let history = try await harness.inspector.history(queue: "work", by: step, count: 3)
                let newest = minute / step.minutes
                #expect(history.points.map(\.at) == (newest - 2...newest).map { Int64($0 * step.minutes) * 60_000 })
                // The minutes of one run lie in one hour or in two neighbours.
                var sum = QueueCounters()
                for point in history.points { sum += point.counters }
                #expect(sum.enqueued == 1 && sum.completed == 4)
                #expect(history.points.last?.counters.enqueued == 1)
            }
            let all = try await harness.inspector.history(queue: "work", by: .minute, count: 1_000_000)
            #expect(all.points.count == QueueHistory.Step.minute.maximumCount)
            #expect(try await harness.inspector.history(queue: "none", by: .day, count: 2).points.count == 2)
        }
    }

    @Test("all queues come in one request, also those that were only configured")
    func queues() async throws {
        try await QueueHarness.run { harness in
            let inspector = harness.inspector
            try await harness.queue.enqueue(Work())
            #expect(try await inspector.pause(queue: "held"))
            #expect(try await inspector.pause(queue: "held") == false)
            let limits = QueueLimits(concurrency: 3, rate: .init(100, per: .seconds(60), burst: 7))
            #expect(try await inspector.setLimits(queue: "limited", limits))
            #expect(try await inspector.setLimits(queue: "limited", limits) == false)
            let queues = try await inspector.queues(including: ["work", "new"])
            #expect(queues.map(\.name) == ["held", "limited", "new", "work"])
            #expect(queues.map(\.isPaused) == [true, false, false, false])
            #expect(queues[0].pausedAt.map { abs($0 - queues[0].at) < 60_000 } == true)
            #expect(queues[1].limits == limits && queues[1].tokens == 7)
            #expect(queues[3].limits == QueueLimits() && queues[3].tokens == nil && queues[3].depth == 1)
            #expect(try await inspector.resume(queue: "held"))
            #expect(try await inspector.resume(queue: "held") == false)
            #expect(try await inspector.setLimits(queue: "limited", QueueLimits()))
            #expect(try await inspector.queue(named: "limited").limits == QueueLimits())
        }
    }

    @Test("more queues than one script describes come whole")
    func manyQueues() async throws {
        try await QueueHarness.run { harness in
            let names = (0..<450).map { "q\($0)" }
            try await harness.write(RedisCommand("SADD", [harness.key("queues")] + names.map { RedisArgument($0) }))
            #expect(try await harness.inspector.queues().map(\.name) == names.sorted())
        }
    }

    @Test("limits that would stop a queue are refused")
    func limits() async throws {
        try await QueueHarness.run { harness in
            let wrong: [QueueLimits] = [
                .init(concurrency: 0), .init(concurrency: -1), .init(rate: .init(0, per: .seconds(1))),
                .init(rate: .init(1, per: .zero)), .init(rate: .init(1, per: .seconds(1), burst: 0)),
            ]
            for limits in wrong {
                await #expect(throws: JobQueueError.self) {
                    try await harness.inspector.setLimits(queue: "work", limits)
                }
            }
            let queues = try await harness.inspector.queues()
            #expect(queues.isEmpty)
        }
    }

    @Test("the oldest job's wait counts overdue jobs, and not the marks of deleted ones")
    func latency() async throws {
        try await QueueHarness.run { harness in
            let inspector = harness.inspector
            #expect(try await inspector.queue(named: "work").latencyMilliseconds == nil)
            try await harness.put("old", in: .waiting)
            let latency = try #require(try await inspector.queue(named: "work").latencyMilliseconds)
            #expect(latency > 86_400_000)
            try await harness.queue.enqueue(Work())
            try await inspector.delete(id: JobID("old"), queue: "work")
            let fresh = try #require(try await inspector.queue(named: "work").latencyMilliseconds)
            #expect(fresh < 3_600_000)
            try await harness.write(RedisCommand("ZADD", harness.key("q:work:due"), 1_000, "overdue"))
            let overdue = try #require(try await inspector.queue(named: "work").latencyMilliseconds)
            #expect(overdue > 86_400_000)
        }
    }

    @Test("throughput and failure rate are those of the minutes that are shown")
    func rates() async throws {
        try await QueueHarness.run { harness in
            let minute = try await minute(harness)
            try await harness.write(
                RedisCommand(
                    "HSET", harness.key("q:work:stat:\(minute - 1)"), "completed", 90, "failed", 8, "lapsed", 2))
            let status = try await harness.inspector.queue(named: "work", minutes: 2)
            #expect(status.failureRate == 0.1)
            let seconds = Double(status.at - Int64(minute - 1) * 60_000) / 1000
            #expect(abs((status.throughput ?? 0) * seconds - 90) < 0.001)
            #expect(try await harness.inspector.queue(named: "work", minutes: 0).throughput == nil)
        }
    }

    @Test("every way that a job goes is counted")
    func counted() async throws {
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Work.self) { job, context -> Void in
                if job.text == "dies" { throw JobFailure.permanent("no") }
                if context.failures == 0 { throw JobFailure.retry(after: .zero, "again") }
            }
            try await harness.queue.enqueue(Work(), id: JobID("lives"))
            try await harness.queue.enqueue(Work(text: "dies"), id: JobID("dies"))
            try await harness.queue.enqueue(Work(), id: JobID("stopped"), delay: .seconds(60))
            try await harness.inspector.cancel(id: JobID("stopped"), queue: "work")
            try await harness.withWorker(handlers) { _ in
                try await eventually {
                    let status = try await harness.inspector.queue(named: "work")
                    return status.completed == 1 && status.dead == 2
                }
            }
            var sum = QueueCounters()
            for point in try await harness.inspector.history(queue: "work", by: .minute, count: 5).points {
                sum += point.counters
            }
            #expect(sum.enqueued == 3 && sum.completed == 1 && sum.failed == 2 && sum.retried == 1)
            #expect(sum.dead == 1 && sum.cancelled == 1 && sum.lapsed == 0)
            #expect(sum.waited >= 1 && sum.runMicroseconds >= 0)
        }
    }
}
