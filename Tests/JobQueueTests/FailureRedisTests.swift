import JobQueue
import RedisClient
import TestSupport
import Testing

/// Failures of Redis and of the way to it.
@Suite("Redis fails", .serialized)
struct FailureRedisTests {
    private static let add = EffectDefinition(
        name: "add", body: "return { apply = function(args) redis.call('INCR', NS .. args[1]) end }")

    private func handlers(_ handler: @escaping @Sendable (Work, JobContext) async throws -> Completion) -> JobHandlers {
        var handlers = JobHandlers()
        handlers.register(Work.self, handler)
        handlers.register(effect: Self.add)
        return handlers
    }

    private var adding: JobHandlers {
        handlers { _, _ in Completion(effects: [Effect("add", arguments: ["sum"])]) }
    }

    private func jobs(_ count: Int, text: String = "", from start: Int = 0) throws -> [PreparedJob] {
        try (start..<(start + count)).map { try Work(text: text).prepared(id: JobID("job\($0)")) }
    }

    @Test("SCRIPT FLUSH again and again under load: nothing is lost, nothing happens twice")
    func scriptFlush() async throws {
        try await QueueHarness.run { harness in
            try await harness.withWorker(adding) { _ in
                for round in 0..<20 {
                    try await harness.queue.enqueue(jobs(25, from: 25 * round))
                    _ = try await harness.client.send(RedisCommand("SCRIPT", "FLUSH"))
                }
                try await eventually("all completed") {
                    try await harness.inspector.queue(named: "work").completed == 500
                }
            }
            #expect(try await harness.number("sum") == 500)
        }
    }

    @Test(
        "an enqueue that is cut arrives once",
        arguments: [FaultProxy.Mode.cutBeforeSend, .cutAfterSend, .cutBeforeReply])
    func cutEnqueue(mode: FaultProxy.Mode) async throws {
        try await QueueHarness.run { harness in
            let proxy = try FaultProxy(to: harness.server)
            let client = harness.server.makeClient(socketPath: proxy.socketPath)
            let queue = try harness.queue(over: client)
            proxy.set(mode, on: "work", times: 2)
            let result = try await queue.enqueue(Work(), id: JobID("once"))
            #expect(proxy.faults == 2)
            if case .cutBeforeSend = mode {
                #expect(result == .enqueued)
            }
            #expect(try await harness.inspector.depth(queue: "work") == 1)
            await client.close()
            proxy.stop()
        }
    }

    @Test(
        "a completion that is cut counts once, and so do its effects; what was claimed with it does not lapse",
        arguments: [FaultProxy.Mode.cutBeforeSend, .cutAfterSend, .cutBeforeReply])
    func cutCompletion(mode: FaultProxy.Mode) async throws {
        try await QueueHarness.run { harness in
            let proxy = try FaultProxy(to: harness.server)
            let client = harness.server.makeClient(socketPath: proxy.socketPath)
            try await harness.queue.enqueue(jobs(100))
            proxy.set(mode, on: "cut-here", times: 5)
            let handlers = handlers { _, _ in
                Completion(effects: [Effect("add", arguments: ["sum", "cut-here"])])
            }
            try await harness.withWorker(handlers, over: try harness.queue(over: client)) { _ in
                try await eventually("all completed") {
                    try await harness.inspector.queue(named: "work").completed == 100
                }
            }
            #expect(proxy.faults == 5)
            #expect(try await harness.number("sum") == 100)
            let status = try await harness.inspector.queue(named: "work", minutes: 2)
            #expect(status.running == 0 && status.minutes.reduce(0) { $0 + $1.lapsed } == 0)
            await client.close()
            proxy.stop()
        }
    }

    @Test("a full Redis refuses enqueues and state changes with a clear error, drains, and takes jobs again")
    func fullRedis() async throws {
        try await QueueHarness.run(configuration: ["maxmemory 6mb"]) { harness in
            let text = String(repeating: "x", count: 20_000)
            var accepted = 0
            let full = await #expect(throws: JobQueueError.self) {
                while true {
                    try await harness.queue.enqueue(Work(text: text))
                    accepted += 1
                }
            }
            #expect(full?.code == .memoryFull && accepted > 10)
            let change = DomainScript(
                name: "change", body: "redis.call('SET', NS .. 'x', 1) enqueue(jobs[1]) return ok()")
            let refused = await #expect(throws: JobQueueError.self) {
                try await harness.queue.run(change, jobs: [try Work().prepared()])
            }
            #expect(refused?.code == .memoryFull)
            let attempts = Notes()
            let handlers = handlers { _, _ in
                attempts.note("")
                let fails = attempts.all.count == 1
                if fails { throw JobFailure.retry(after: .zero, "once") }
                return .done
            }
            try await harness.withWorker(handlers) { _ in
                try await eventually("drained") {
                    let status = try await harness.inspector.queue(named: "work")
                    return status.completed == accepted
                }
            }
            #expect(try await harness.queue.enqueue(Work(text: text)) == .enqueued)
        }
    }

    @Test("Redis killed with SIGKILL under load and started again: every acknowledged job completes, effects once")
    func redisKilled() async throws {
        try await QueueHarness.run(configuration: ["appendonly yes", "appendfsync always"]) { harness in
            let acknowledged = Notes()
            let queue = harness.queue
            try await harness.withWorker(adding, lease: .seconds(2)) { _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for number in 0..<300 {
                            // The same id until it is acknowledged.
                            while true {
                                do {
                                    try await queue.enqueue(Work(), id: JobID("job\(number)"))
                                    break
                                } catch {
                                    try await Task.sleep(for: .milliseconds(10))
                                }
                            }
                            acknowledged.note("\(number)")
                        }
                    }
                    for kill in 1...2 {
                        try await eventually("some acknowledged") { acknowledged.all.count >= 80 * kill }
                        try await harness.server.restart()
                    }
                    try await group.waitForAll()
                }
                try await eventually("all completed") {
                    try await harness.inspector.queue(named: "work").completed == 300
                }
            }
            #expect(try await harness.number("sum") == 300)
        }
    }

    @Test("a worker that can't renew its lease stops the job before the lease ends; it completes later")
    func lostRenewals() async throws {
        try await QueueHarness.run { harness in
            let notes = Notes()
            let handlers = handlers { _, _ in
                notes.note("started")
                if notes.all.count == 1 {
                    do {
                        try await Task.sleep(for: .seconds(60))
                    } catch {
                        notes.note("stopped")
                        throw error
                    }
                }
                return .done
            }
            try await harness.queue.enqueue(Work(), id: JobID("one"))
            try await harness.withWorker(handlers, lease: .seconds(1)) { _ in
                try await eventually("started") { notes.all == ["started"] }
                harness.server.pause()
                try await eventually("stopped") { notes.all == ["started", "stopped"] }
                harness.server.resume()
                try await eventually("completed") { try await harness.state("one") == .completed }
            }
            #expect(notes.all == ["started", "stopped", "started"])
            #expect(try await harness.inspector.queue(named: "work", minutes: 2).minutes.allSatisfy { $0.failed == 0 })
        }
    }
}
