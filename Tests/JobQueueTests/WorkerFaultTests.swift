import JobQueue
import RedisClient
import TestSupport
import Testing

/// Workers whose handlers or whose Redis do not do what they should.
@Suite("Worker faults")
struct WorkerFaultTests {
    @Test("a handler that ignores its cancellation is failed over its head, and its place is used again")
    func deafHandler() async throws {
        struct Deaf: Job {
            static let name = "deaf"
            static let queue = "work"
            static let options = JobOptions(maximumFailures: 1, timeout: .milliseconds(50))
        }
        try await QueueHarness.run { harness in
            let barrier = Barrier()
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Deaf.self) { _, _ -> Void in
                // In a task of its own: the cancellation does not reach it.
                try await Task { try await barrier.wait() }.value
                notes.note("returned")
            }
            handlers.register(Work.self) { _, _ -> Void in }
            try await harness.queue.enqueue(Deaf(), id: JobID("deaf"))
            try await harness.withWorker(
                handlers, queues: [WorkerQueue("work", concurrency: 1)],
                adjust: { $0.abandonAfter = .milliseconds(100) }
            ) { worker in
                try await eventually("dead") { try await harness.state("deaf") == .dead }
                try await harness.queue.enqueue(Work(), id: JobID("next"))
                try await eventually("completed") { try await harness.state("next") == .completed }
                #expect(notes.all.isEmpty)
                try await eventually("registered") { try await harness.registry(worker, "stuck") == "1" }
                // What it says afterwards counts for nothing, and its old place is not counted twice.
                barrier.open()
                try await eventually("returned") { try await harness.registry(worker, "stuck") == "0" }
                #expect(try await harness.registry(worker, "abandoned") == "1")
                try await harness.queue.enqueue(Work(), id: JobID("last"))
                try await eventually("completed") { try await harness.state("last") == .completed }
            }
            #expect(notes.all == ["returned"])
            let job = try #require(try await harness.inspector.job(id: JobID("deaf"), queue: "work"))
            #expect(job.failures == 1 && job.troubles.last?.message.contains("ignored its cancellation") == true)
        }
    }

    @Test("a completion that is too large is dead with a clear message, and its neighbours complete")
    func oversizedCompletion() async throws {
        let sink = EffectDefinition(name: "sink", body: "return { apply = function(args) end }")
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(effect: sink)
            handlers.register(Work.self) { job, _ -> Completion in
                switch job.text {
                case "bytes":
                    let piece = RedisArgument([UInt8](repeating: 120, count: 33 << 20))
                    return Completion(effects: [Effect("sink", arguments: [piece, piece])])
                case "jobs":
                    return Completion(followUps: try (0..<1_001).map { _ in try Work().prepared() })
                default:
                    // Several together are over the bound of a turn.
                    let piece = RedisArgument([UInt8](repeating: 120, count: 3 << 20))
                    return Completion(effects: [Effect("sink", arguments: [piece])])
                }
            }
            let texts = ["a", "bytes", "b", "c", "jobs", "d", "e", "f"]
            try await harness.queue.enqueue(texts.map { try Work(text: $0).prepared(id: JobID($0)) })
            try await harness.withWorker(handlers, queues: [WorkerQueue("work", concurrency: 8)]) { _ in
                try await eventually("all ended") {
                    let status = try await harness.inspector.queue(named: "work")
                    return status.completed == 6 && status.dead == 2
                }
            }
            for (id, text) in [("bytes", "at most 67108864 go"), ("jobs", "1001 jobs; at most 1000 go")] {
                let job = try #require(try await harness.inspector.job(id: JobID(id), queue: "work"))
                #expect(job.failures == 1 && job.troubles.last?.message.contains(text) == true, "\(id)")
            }
        }
    }

    @Test("a drain ends while Redis is frozen in the middle of a call", .timeLimit(.minutes(1)))
    func drainOnFrozenRedis() async throws {
        try await QueueHarness.run { harness in
            // Longer than the test may take: only the drain's own bound can end the call.
            let client = harness.server.makeClient { $0.commandTimeout = .seconds(300) }
            let barrier = Barrier()
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, _ -> Void in
                notes.note("running")
                try await barrier.wait()
                notes.note("ended")
            }
            let queue = try harness.queue(over: client)
            try await harness.withWorker(handlers, lease: .seconds(200), grace: .milliseconds(500), over: queue) { _ in
                // Woken from its rest, it claims once: no second claim is under way that the end would have to wait for.
                try await eventually("at rest") {
                    try await harness.client.send(RedisCommand("INFO", "clients")).string?.contains(
                        "blocked_clients:1") == true
                }
                try await harness.queue.enqueue(Work(), id: JobID("one"))
                try await eventually("running") { notes.all == ["running"] }
                harness.server.pause()
                barrier.open()
                try await eventually("its end is on the way") { notes.all == ["running", "ended"] }
            }
            harness.server.resume()
            // Cut off or not, the completion had been sent.
            try await eventually("completed") { try await harness.state("one") == .completed }
            await client.close()
        }
    }

    @Test("results are forgotten at their time although nothing completes any more")
    func sweepWhenIdle() async throws {
        struct Brief: Job {
            static let name = "brief"
            static let queue = "work"
            static let options = JobOptions(deduplicationWindow: .milliseconds(1), resultRetention: .milliseconds(1))
        }
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Brief.self) { _, _ in Completion(result: "forty-two") }
            try await harness.queue.enqueue((0..<40).map { _ in try Brief().prepared() })
            try await harness.withWorker(handlers, lease: .seconds(1)) { _ in
                for (command, part) in [("HLEN", "result"), ("ZCARD", "kept"), ("ZCARD", "done"), ("HLEN", "jobs")] {
                    try await eventually("empty \(part)") {
                        try await harness.client.send(RedisCommand(command, harness.key("q:work:\(part)"))).int == 0
                    }
                }
            }
            #expect(try await harness.inspector.queue(named: "work", minutes: 2).minutes.map(\.completed).max() == 40)
        }
    }
}
