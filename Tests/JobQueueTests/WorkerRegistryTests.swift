import Foundation
import RedisClient
import TestSupport
import Testing

@testable import JobQueue

/// What a worker shows, what it costs while it does nothing, and what it does when the layout changes under it.
@Suite("Worker registry and rest")
struct WorkerRegistryTests {
    private var handlers: JobHandlers {
        var handlers = JobHandlers()
        handlers.register(Work.self) { _, _ -> Void in }
        return handlers
    }

    private func now(_ harness: QueueHarness) async throws -> Int {
        (try await harness.client.send(RedisCommand("TIME"))[0].int ?? 0) * 1000
    }

    @Test("several pools are shown with what they are, and one whose host vanished is forgotten after a minute")
    func vanished() async throws {
        try await QueueHarness.run { harness in
            let process = try harness.startProcess(lease: 1_000, concurrency: 3)
            try await eventually("the process is registered") { try await harness.inspector.workers().count == 1 }
            let vanished = try #require(try await harness.inspector.workers().first)
            #expect(vanished.concurrency == 3 && vanished.state == "running" && vanished.name == "process")
            process.kill(SIGKILL)
            process.wait()
            try await harness.withWorker(handlers, adjust: { $0.version = "2.1" }) { first in
                try await harness.withWorker(
                    handlers, queues: [WorkerQueue("work", concurrency: 8), WorkerQueue("next")],
                    adjust: { $0.concurrency = 5 }
                ) { second in
                    try await eventually("three are shown") { try await harness.inspector.workers().count == 3 }
                    let records = try await harness.inspector.workers()
                    let one = try #require(records.first { $0.id == first.id })
                    #expect(one.details["version"] == "2.1" && one.concurrency == 2 && one.queues == ["work"])
                    #expect((one.details["rss"].flatMap { Int($0) } ?? 0) > 1 << 20)
                    let two = try #require(records.first { $0.id == second.id })
                    #expect(two.concurrency == 5 && two.queues == ["work", "next"] && two.startedAt > 0)
                    // As if a minute had passed since it was last heard of.
                    let longAgo = RedisArgument(try await now(harness) - 61_000)
                    _ = try await harness.client.send(
                        RedisCommand("ZADD", harness.key("workers"), "XX", longAgo, RedisArgument(vanished.id)))
                    try await eventually("it is forgotten") { try await harness.inspector.workers().count == 2 }
                    #expect(try await harness.inspector.workers().allSatisfy { !$0.isStale })
                }
            }
            // Its entry ends by itself, too.
            let expiry = RedisCommand("PTTL", harness.key("w:\(vanished.id)"))
            #expect((1...60_000).contains(try await harness.client.send(expiry).int ?? 0))
        }
    }

    /// All commands that Redis ran, those inside scripts as well.
    private func commands(_ harness: QueueHarness) async throws -> Int {
        let text = try await harness.client.send(RedisCommand("INFO", "commandstats")).string ?? ""
        return text.split(separator: "\r\n").filter { !$0.hasPrefix("cmdstat_info:") }.reduce(0) { sum, line in
            sum + (line.split(separator: "calls=").last.flatMap { Int($0.prefix { $0 != "," }) } ?? 0)
        }
    }

    @Test("an idle worker costs at most two commands a second", arguments: [["work"], ["work", "next"]])
    func idle(queues: [String]) async throws {
        try await QueueHarness.run { harness in
            try await harness.withWorker(
                handlers, queues: queues.map { WorkerQueue($0) }, heartbeat: .seconds(10)
            ) { worker in
                try await eventually("registered") { try await harness.registry(worker, "state") == "running" }
                try await eventually("it blocks and listens") {
                    let clients = try await harness.client.send(RedisCommand("CLIENT", "LIST")).string ?? ""
                    return clients.contains("cmd=bzpopmin") && clients.contains("cmd=subscribe")
                }
                // The first looks are done when nothing has changed for a while.
                var last = -1
                try await eventually("at rest") {
                    let before = last
                    last = try await commands(harness)
                    try await Task.sleep(for: .milliseconds(200))
                    return last == before
                }
                try await Task.sleep(for: .seconds(3))
                #expect(try await commands(harness) - last <= 6)
            }
        }
    }

    @Test("a worker of another layout claims nothing more, takes no hints away, and settles what it holds")
    func otherLayout() async throws {
        try await QueueHarness.run { harness in
            let (notes, barrier) = (Notes(), Barrier())
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context -> Void in
                notes.note(context.id.rawValue)
                try await barrier.wait()
            }
            try await harness.queue.enqueue(Work(), id: JobID("held"))
            try await harness.withWorker(handlers) { worker in
                try await eventually("runs") { notes.all == ["held"] }
                let layout = harness.key("queue:schema")
                let known = try #require(try await harness.client.send(RedisCommand("GET", layout)).string)
                _ = try await harness.client.send(RedisCommand("SET", layout, "99"))
                try await harness.queue.enqueue(Work(), id: JobID("new"))
                try await eventually("it says so") { try await harness.registry(worker, "state") == "outdated" }
                try await eventually("the hint is there") {
                    try await harness.client.send(RedisCommand("EXISTS", harness.key("q:work:wake"))).int == 1
                }
                barrier.open()
                try await eventually("settled") { try await harness.state("held") == .completed }
                #expect(try await harness.state("new") == .waiting)
                _ = try await harness.client.send(RedisCommand("SET", layout, RedisArgument(known)))
            }
            #expect(notes.all == ["held"])
        }
    }

    @Test("a worker whose task is cancelled drains as one that is shut down: what runs may finish")
    func cancelledTask() async throws {
        try await QueueHarness.run { harness in
            let (notes, barrier) = (Notes(), Barrier())
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context -> Void in
                notes.note(context.id.rawValue)
                try await barrier.wait()
            }
            try await harness.queue.enqueue(try (0..<4).map { try Work().prepared(id: JobID("w\($0)")) })
            let worker = JobWorker(
                queue: harness.queue, handlers: handlers,
                configuration: JobWorkerConfiguration(queues: [WorkerQueue("work", concurrency: 2)]), logger: .quiet)
            let run = Task { try await worker.run() }
            try await eventually("two run") { notes.all.count == 2 }
            try await eventually("registered") { try await harness.registry(worker, "state") != nil }
            run.cancel()
            barrier.open()
            try await run.value
            let status = try await harness.inspector.queue(named: "work")
            #expect(status.completed == 2 && status.waiting == [0, 2, 0] && status.running == 0)
            #expect(try await harness.inspector.workers().isEmpty)
        }
    }
}
