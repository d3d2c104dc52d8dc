import JobQueue
import RedisClient
import TestSupport
import Testing

@Suite("Completion")
struct CompletionTests {
    private static let add = EffectDefinition(
        name: "add",
        body: """
            return {
              check = function(args, jobs)
                if args[2] == 'refuse' then return 'not_wanted' end
                if args[2] == 'raise' then error('a fault in check') end
              end,
              apply = function(args, jobs)
                redis.call('INCRBY', NS .. args[1], 1)
                enqueue_all(jobs)
              end,
            }
            """)

    private struct Next: Job {
        static let name = "next"
        static let queue = "next"
    }

    private func handlers(_ handler: @escaping @Sendable (Work, JobContext) async throws -> Completion) -> JobHandlers {
        var handlers = JobHandlers()
        handlers.register(Work.self, handler)
        handlers.register(effect: Self.add)
        return handlers
    }

    @Test("effects, their jobs, follow-ups and the result come with the acknowledgement")
    func effects() async throws {
        try await QueueHarness.run { harness in
            let ids = (0..<50).map { "job\($0)" }
            try await harness.queue.enqueue(ids.map { try Work(text: $0).prepared(id: JobID($0)) })
            let handlers = handlers { job, _ in
                Completion(
                    effects: [
                        Effect("add", arguments: ["sum"], jobs: [try Next().prepared(id: JobID("effect.\(job.text)"))]),
                        Effect("add", arguments: ["sum"]),
                    ],
                    followUps: [try Next().prepared(id: JobID("follow.\(job.text)"))])
            }
            try await harness.withWorker(handlers) { _ in
                try await eventually("all completed") {
                    try await harness.inspector.queue(named: "work").completed == 50
                }
            }
            #expect(try await harness.number("sum") == 100)
            #expect(try await harness.inspector.depth(queue: "next") == 100)
            let status = try await harness.inspector.queue(named: "work")
            #expect(status.running == 0 && status.depth == 0 && status.dead == 0)
        }
    }

    @Test("a refused effect fails its job alone, and nothing of its completion is applied")
    func refusedEffect() async throws {
        try await QueueHarness.run { harness in
            let kinds = ["fine", "refuse", "raise", "unknown"]
            let jobs = try (0..<40).map { try Work(text: kinds[$0 % 4]).prepared(id: JobID("\(kinds[$0 % 4])\($0)")) }
            try await harness.queue.enqueue(jobs)
            let handlers = handlers { job, _ in
                guard job.text != "unknown" else { return Completion(effects: [Effect("nobody-knows")]) }
                return Completion(
                    effects: [
                        Effect("add", arguments: ["first"]),
                        Effect("add", arguments: ["sum", RedisArgument(job.text)]),
                    ])
            }
            try await harness.withWorker(handlers, queues: [WorkerQueue("work", concurrency: 8)]) { _ in
                try await eventually("all ended") {
                    let status = try await harness.inspector.queue(named: "work")
                    return status.completed == 10 && status.dead == 30
                }
            }
            #expect(try await harness.number("sum") == 10)
            #expect(try await harness.number("first") == 10)
            let refused = try #require(try await harness.inspector.job(id: JobID("refuse1"), queue: "work"))
            #expect(refused.failures == 3 && refused.troubles.last?.message == "not_wanted")
            let raised = try #require(try await harness.inspector.job(id: JobID("raise2"), queue: "work"))
            #expect(raised.troubles.last?.message.contains("a fault in check") == true)
            let unknown = try #require(try await harness.inspector.job(id: JobID("unknown3"), queue: "work"))
            #expect(unknown.troubles.last?.message == "unknown_effect:nobody-knows")
        }
    }

    @Test("a result is kept for as long as its type says")
    func result() async throws {
        struct Kept: Job {
            static let name = "kept"
            static let queue = "work"
            static let options = JobOptions(resultRetention: .seconds(600))
        }
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Kept.self) { _, _ in Completion(result: "forty-two") }
            try await harness.queue.enqueue(Kept(), id: JobID("asked"))
            try await harness.withWorker(handlers) { _ in
                try await eventually("completed") { try await harness.state("asked") == .completed }
            }
            #expect(try await harness.inspector.job(id: JobID("asked"), queue: "work")?.result == "forty-two")
        }
    }

    @Test("what ended is forgotten beyond the cap, the earliest first")
    func boundedMemory() async throws {
        try await QueueHarness.run(limits: .init(completed: 20, dead: 5)) { harness in
            let bad = try (0..<12).map { try Work(text: "bad").prepared(id: JobID("bad\($0)")) }
            try await harness.queue.enqueue(bad)
            try await harness.queue.enqueue(try (0..<100).map { try Work().prepared(id: JobID("good\($0)")) })
            let handlers = handlers { job, _ in
                if job.text == "bad" { throw JobFailure.permanent("bad") }
                return .done
            }
            try await harness.withWorker(handlers) { _ in
                try await eventually("all ended") {
                    let status = try await harness.inspector.queue(named: "work")
                    return status.depth == 0 && status.running == 0
                }
            }
            let status = try await harness.inspector.queue(named: "work")
            #expect(status.completed == 20 && status.dead == 5)
            for part in ["jobs", "hist", "morgue"] {
                let left = try await harness.client.send(RedisCommand("HLEN", harness.key("q:work:\(part)"))).int
                #expect(left == (part == "jobs" ? 0 : 5), "\(part)")
            }
        }
    }
}
