import RedisClient
import TestSupport
import Testing

@testable import JobQueue

@Suite("Bounds of an enqueue")
struct EnqueueBoundsTests {
    private static let add = EffectDefinition(
        name: "add", body: "return { apply = function(args) redis.call('INCR', NS .. args[1]) end }")

    private func calls(_ harness: QueueHarness) async throws -> Int {
        let statistics = try await harness.client.send(RedisCommand("INFO", "commandstats")).string ?? ""
        let line = statistics.split(separator: "\r\n").first { $0.contains("cmdstat_evalsha:") }
        return line.flatMap { Int($0.split(separator: "calls=")[1].prefix { $0 != "," }) } ?? 0
    }

    @Test("the largest payload goes, one byte more is refused with the size, the limit and what to do")
    func payload() async throws {
        try await QueueHarness.run { harness in
            let frame = #"{"text":""}"#.utf8.count
            let largest = Work(text: String(repeating: "x", count: JobQueue.maximumPayloadBytes - frame))
            try await harness.queue.enqueue(largest, id: JobID("a"))
            let error = #expect(throws: JobQueueError.self) { try Work(text: largest.text + "x").prepared() }
            #expect(error?.code == .payloadTooLarge)
            #expect(try await harness.inspector.depth(queue: "work") == 1)
            #expect(error?.message.contains("1048577") == true && error?.message.contains("1048576") == true)
            #expect(error?.message.contains("pass its key") == true)
        }
    }

    @Test("a bulk call is split by bytes as well, in order")
    func bulk() async throws {
        try await QueueHarness.run { harness in
            let text = String(repeating: "x", count: 1_000_000)
            let jobs = try (0..<20).map { try Work(text: text).prepared(id: JobID("n\($0)")) }
            #expect(JobQueue.parts(of: jobs) == [0..<8, 8..<16, 16..<20])
            let before = try await calls(harness)
            #expect(try await harness.queue.enqueue(jobs).allSatisfy { $0 == .enqueued })
            #expect(try await calls(harness) == before + 3)
            let page = try await harness.inspector.jobs(queue: "work", state: .waiting, limit: 100)
            #expect(page.jobs.map(\.id) == jobs.map(\.id))
            // And so is what callers at the same time enqueue.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<24 {
                    group.addTask { try await harness.queue.enqueue(Work(text: text), id: JobID("c\(number)")) }
                }
                try await group.waitForAll()
            }
            #expect(try await harness.inspector.depth(queue: "work") == 44)
            // A batch of the same jobs: three parts, sealed with the last.
            let batch = JobBatch(
                id: BatchID("b"), jobs: try (0..<20).map { try Work(text: text).prepared(id: JobID("b\($0)")) })
            #expect(try await harness.queue.enqueue(batch: batch).allSatisfy { $0 == .enqueued })
            let status = try #require(try await harness.queue.batch(id: BatchID("b")))
            #expect(status.total == 20 && status.sealedAt != nil)
        }
    }

    @Test("a domain script's call is refused when it is too large to be one step, and nothing is changed")
    func domainScript() async throws {
        try await QueueHarness.run { harness in
            let script = DomainScript(name: "put", body: "enqueue_all(jobs) return ok()")
            let job = try Work(text: String(repeating: "x", count: 1_000_000)).prepared()
            let error = await #expect(throws: JobQueueError.self) {
                try await harness.queue.run(script, jobs: Array(repeating: job, count: 70))
            }
            #expect(error?.code == .payloadTooLarge && error?.message.contains("put") == true)
            let many = await #expect(throws: JobQueueError.self) {
                try await harness.queue.run(
                    script, jobs: Array(repeating: try Work().prepared(), count: JobQueue.maximumBatch + 1))
            }
            #expect(many?.code == .invalidJob)
            #expect(try await harness.inspector.depth(queue: "work") == 0)
        }
    }

    @Test("follow-ups that are too many or too large make their job dead with the reason, and none is enqueued")
    func followUps() async throws {
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(effect: Self.add)
            handlers.register(Work.self) { job, _ -> Completion in
                let text = job.text == "large" ? String(repeating: "x", count: 1_000_000) : ""
                let next = try (0..<(job.text == "many" ? 1_001 : 70)).map {
                    try Work(text: text).prepared(id: JobID("\(job.text).\($0)"))
                }
                return Completion(effects: [Effect("add", arguments: ["sum"])], followUps: next)
            }
            try await harness.queue.enqueue(Work(text: "many"), id: JobID("many"))
            try await harness.queue.enqueue(Work(text: "large"), id: JobID("large"))
            try await harness.withWorker(handlers) { _ in
                try await eventually("both dead") { try await harness.inspector.queue(named: "work").dead == 2 }
            }
            let many = try #require(try await harness.inspector.job(id: JobID("many"), queue: "work"))
            #expect(many.troubles.last?.message.contains("1001") == true)
            let large = try #require(try await harness.inspector.job(id: JobID("large"), queue: "work"))
            #expect(large.troubles.last?.message.isEmpty == false)
            #expect(try await harness.number("sum") == 0)
            #expect(try await harness.inspector.depth(queue: "work") == 0)
        }
    }

    @Test("a full Redis refuses a batch with a clear error and keeps nothing of it")
    func memoryFull() async throws {
        try await QueueHarness.run { harness in
            try await harness.write(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
            let batch = JobBatch(id: BatchID("b"), jobs: [try Work().prepared()])
            let error = await #expect(throws: JobQueueError.self) { try await harness.queue.enqueue(batch: batch) }
            #expect(error?.code == .memoryFull)
            #expect(try await harness.queue.batch(id: BatchID("b")) == nil)
            // A worker's start, which has to drain it, is not refused.
            try await harness.queue.prepare()
        }
    }
}
