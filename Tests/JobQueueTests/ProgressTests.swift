import JobQueue
import RedisClient
import Synchronization
import TestSupport
import Testing

@Suite("Progress")
struct ProgressTests {
    private func progress(_ harness: QueueHarness, _ id: String) async throws -> JobRecord.Progress? {
        try await harness.inspector.job(id: JobID(id), queue: "work")?.progress
    }

    private func left(_ harness: QueueHarness) async throws -> Int? {
        try await harness.client.send(RedisCommand("HLEN", harness.key("q:work:prog"))).int
    }

    /// How often the progress script ran: no other script of a worker asks for a hash's length.
    private func calls(_ harness: QueueHarness) async throws -> Int {
        let statistics = try await harness.client.send(RedisCommand("INFO", "commandstats")).string ?? ""
        let line = statistics.split(separator: "\r\n").first { $0.contains("cmdstat_hlen:") }
        return line.flatMap { Int($0.split(separator: "calls=")[1].prefix { $0 != "," }) } ?? 0
    }

    @Test("a report shows while the job runs, bounded, and is gone when it ends, however it ends")
    func shown() async throws {
        try await QueueHarness.run { harness in
            let barrier = Barrier()
            var handlers = JobHandlers()
            handlers.register(Work.self) { job, context in
                context.report(progress: 7, message: String(repeating: "ü", count: 1_000))
                try await barrier.wait()
                if job.text == "fails" { throw JobFailure.permanent("no") }
            }
            try await harness.queue.enqueue(Work(text: "fails"), id: JobID("fails"))
            try await harness.queue.enqueue(Work(), id: JobID("ends"))
            try await harness.withWorker(handlers) { _ in
                for id in ["fails", "ends"] {
                    try await eventually("shown") { try await progress(harness, id) != nil }
                    let shown = try #require(try await progress(harness, id))
                    #expect(shown.fraction == 1 && shown.message == String(repeating: "ü", count: 100))
                }
                barrier.open()
                try await eventually("ended") {
                    let states = [try await harness.state("fails"), try await harness.state("ends")]
                    return states == [.dead, .completed]
                }
            }
            #expect(try await left(harness) == 0)
        }
    }

    @Test("thousands of reports of many jobs are a few calls, and the latest is what shows")
    func throttled() async throws {
        try await QueueHarness.run { harness in
            let barrier = Barrier()
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context in
                for step in 0...1_000 { context.report(progress: Double(step) / 1_000, message: "step \(step)") }
                try await barrier.wait()
            }
            try await harness.queue.enqueue(try (0..<8).map { try Work().prepared(id: JobID("job\($0)")) })
            try await harness.withWorker(handlers, queues: [WorkerQueue("work", concurrency: 8)]) { _ in
                for number in 0..<8 {
                    try await eventually("the last is shown") {
                        try await progress(harness, "job\(number)")?.message == "step 1000"
                    }
                }
                #expect(try await calls(harness) <= 4)
                barrier.open()
                try await eventually("completed") { try await harness.inspector.queue(named: "work").completed == 8 }
            }
            #expect(try await left(harness) == 0)
        }
    }

    @Test("a report without the lease is not written, and what a lost attempt left is cleared")
    func fenced() async throws {
        try await QueueHarness.run { harness in
            let barriers = (Barrier(), Barrier())
            let attempts = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context in
                attempts.note("\(context.attempt)")
                guard context.attempt == 1 else { return try await barriers.1.wait() }
                context.report(progress: 0.5)
                // Deaf to its cancellation.
                let task = Task { try await barriers.0.wait() }
                try await task.value
                context.report(progress: 0.75)
            }
            try await harness.queue.enqueue(Work(), id: JobID("one"))
            try await harness.withWorker(handlers) { _ in
                try await eventually("shown") { try await progress(harness, "one")?.fraction == 0.5 }
                try await harness.lapse()
                #expect(try await left(harness) == 0)
                barriers.0.open()
                try await eventually("tried again") { attempts.all == ["1", "2"] }
                #expect(try await left(harness) == 0)
                barriers.1.open()
                try await eventually("completed") { try await harness.state("one") == .completed }
            }
            #expect(try await left(harness) == 0)
        }
    }

    @Test("the script writes for a live lease alone, and never more entries than its bound")
    func script() async throws {
        try await QueueHarness.run { harness in
            let lease = harness.key("q:work:lease")
            _ = try await harness.client.send(
                RedisCommand("ZADD", lease, 9_999_999_999_999, "live:1", 9_999_999_999_999, "more:2", 1, "late:3"))
            let board = try ProgressScript(harness)
            #expect(try await board.write([("live", 1), ("live", 9), ("late", 3), ("none", 4)]) == 1)
            var fields: [RedisArgument] = [harness.key("q:work:prog")]
            for number in 0..<9_999 { fields += [RedisArgument("old\(number)"), "||"] }
            _ = try await harness.client.send(RedisCommand("HSET", fields))
            #expect(try await board.write([("more", 2)]) == 0)
            #expect(try await board.write([("live", 1)]) == 1)
            #expect(try await left(harness) == 10_000)
        }
    }

    @Test("in a test without a worker a report does nothing")
    func withoutWorker() async throws {
        var handlers = JobHandlers()
        handlers.register(Work.self) { _, context in context.report(progress: 0.5, message: "half") }
        #expect(try await handlers.perform(Work()).completion != nil)
    }
}
