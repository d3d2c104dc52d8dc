import JobQueue
import RedisClient
import TestSupport
import Testing

/// A live job is in exactly one place, whatever is done to it.
@Suite("The life of a job")
struct LifeOfAJobTests {
    private static let add = EffectDefinition(
        name: "add", body: "return { apply = function(args) redis.call('INCR', NS .. args[1]) end }")

    private func size(_ harness: QueueHarness, _ command: String, _ part: String) async throws -> Int {
        try await harness.client.send(RedisCommand(command, harness.key("q:work:\(part)"))).int ?? -1
    }

    @Test("a deleted job never runs, leaves nothing behind, and its neighbours run")
    func deleteWaiting() async throws {
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue(try (0..<5).map { try Work().prepared(id: JobID("w\($0)")) })
            #expect(try await harness.inspector.delete(id: JobID("w2"), queue: "work"))
            #expect(try await harness.inspector.delete(id: JobID("w2"), queue: "work") == false)
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context -> Void in notes.note(context.id.rawValue) }
            try await harness.withWorker(handlers, queues: [WorkerQueue("work", concurrency: 1)]) { _ in
                try await eventually("four ran") { try await harness.inspector.queue(named: "work").completed == 4 }
            }
            #expect(notes.all == ["w0", "w1", "w3", "w4"])
            #expect(try await size(harness, "HLEN", "jobs") == 0)
            // The id is free again.
            #expect(try await harness.queue.enqueue(Work(), id: JobID("w2")) == .enqueued)
        }
    }

    @Test("a job deleted while it runs is not tried again when it fails")
    func deleteRunning() async throws {
        try await QueueHarness.run { harness in
            let barrier = Barrier()
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context -> Void in
                notes.note(context.id.rawValue)
                try await barrier.wait()
                throw JobFailure.retry(after: .zero, "again")
            }
            try await harness.queue.enqueue(Work(), id: JobID("gone"))
            try await harness.withWorker(handlers) { _ in
                try await eventually("runs") { notes.all.count == 1 }
                #expect(try await harness.inspector.delete(id: JobID("gone"), queue: "work"))
                barrier.open()
                try await eventually("gone") { try await size(harness, "HLEN", "jobs") == 0 }
            }
            #expect(notes.all == ["gone"])
            for part in ["lease", "due", "dead"] {
                #expect(try await size(harness, "ZCARD", part) == 0, "\(part)")
            }
            #expect(try await size(harness, "HLEN", "hist") == 0)
        }
    }

    @Test("an effect that breaks while it is applied is dead with its fault, and disturbs no neighbour")
    func brokenEffect() async throws {
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue(
                try (0..<10).map { try Work(text: $0 == 4 ? "broken" : "sum").prepared(id: JobID("w\($0)")) })
            _ = try await harness.client.send(RedisCommand("RPUSH", harness.key("broken"), "not a number"))
            var handlers = JobHandlers()
            handlers.register(effect: Self.add)
            handlers.register(Work.self) { job, _ -> Completion in
                Completion(effects: [Effect("add", arguments: [RedisArgument(job.text)])])
            }
            try await harness.withWorker(handlers, queues: [WorkerQueue("work", concurrency: 10)]) { _ in
                try await eventually("all ended") {
                    let status = try await harness.inspector.queue(named: "work")
                    return status.completed == 9 && status.dead == 1
                }
            }
            #expect(try await harness.number("sum") == 9)
            let dead = try #require(try await harness.inspector.job(id: JobID("w4"), queue: "work"))
            #expect(dead.state == .dead && dead.troubles.last?.message.contains("effect add broke") == true)
            #expect(dead.payload?.contains("broken") == true)
        }
    }

    @Test("four workers share two thousand jobs: each runs once, with its effect and its follow-up")
    func competition() async throws {
        struct Next: Job {
            static let name = "next"
            static let queue = "next"
        }
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue(
                try (0..<2_000).map { try Work(text: "\($0)").prepared(id: JobID("w\($0)")) })
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(effect: Self.add)
            handlers.register(Work.self) { job, _ -> Completion in
                notes.note(job.text)
                return Completion(
                    effects: [Effect("add", arguments: ["sum"])],
                    followUps: [try Next().prepared(id: JobID("next.\(job.text)"))])
            }
            let all = handlers
            try await harness.withWorker(all) { _ in
                try await harness.withWorker(all) { _ in
                    try await harness.withWorker(all) { _ in
                        try await harness.withWorker(all) { _ in
                            try await eventually("all completed") {
                                try await harness.inspector.queue(named: "work").completed == 2_000
                            }
                        }
                    }
                }
            }
            #expect(notes.all.count == 2_000 && Set(notes.all).count == 2_000)
            #expect(try await harness.number("sum") == 2_000)
            #expect(try await harness.inspector.depth(queue: "next") == 2_000)
            for (command, part) in [("HLEN", "jobs"), ("ZCARD", "lease"), ("HLEN", "hist"), ("LLEN", "suspect")] {
                #expect(try await size(harness, command, part) == 0, "\(part)")
            }
        }
    }

    @Test("idle queues forget nothing: a worker's keys are gone after it, a queue's stay")
    func registryIsLeft() async throws {
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, _ -> Void in }
            try await harness.queue.enqueue(Work(), id: JobID("one"))
            var id = ""
            try await harness.withWorker(handlers) { worker in
                id = worker.id
                try await eventually("registered") { try await harness.inspector.workers().map(\.id) == [worker.id] }
                try await eventually("completed") { try await harness.state("one") == .completed }
            }
            #expect(try await harness.inspector.workers().isEmpty)
            let left = try await harness.client.send(
                RedisCommand("EXISTS", harness.key("w:\(id)"), harness.key("w:\(id):wake"), harness.key("workers")))
            #expect(left.int == 0)
            #expect(try await harness.inspector.queues().map(\.name) == ["work"])
        }
    }
}
