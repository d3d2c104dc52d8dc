import Foundation
import JobQueue
import RedisClient
import ServiceLifecycle
import TestSupport
import Testing

private struct Probe: Job {
    static let name = "probe"
    static let queue = "inspected"
    static let options = JobOptions(maximumFailures: 1)
    var fails = false
    var text = ""
}

struct InspectorTests {
    private func withInspector(
        _ body: (JobQueue, QueueInspector, RedisServer) async throws -> Void
    ) async throws {
        try await withRedis { server, client in
            let queue = JobQueue(redis: client, namespace: try Namespace("t"), logger: .quiet)
            try await queue.prepare()
            try await body(queue, QueueInspector(queue: queue), server)
        }
    }

    /// Runs a worker for as long as `body` does.
    private func withWorker(
        _ queue: JobQueue, _ handler: @escaping @Sendable (Probe) async throws -> Completion,
        _ body: () async throws -> Void
    ) async throws {
        var handlers = JobHandlers()
        handlers.register(Probe.self) { job, _ in try await handler(job) }
        let worker = JobWorker(
            queue: queue, handlers: handlers,
            configuration: JobWorkerConfiguration(
                queues: [WorkerQueue(Probe.queue, concurrency: 2)], lease: .seconds(30), heartbeat: .milliseconds(200),
                gracePeriod: .seconds(5), name: "inspected-worker"),
            logger: .quiet)
        let group = ServiceGroup(configuration: .init(services: [worker], logger: .quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body()
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func until(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<2_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("it never came to it")
    }

    @Test("waiting jobs are counted by level and listed in the order of their claim, page by page")
    func waiting() async throws {
        try await withInspector { queue, inspector, _ in
            #expect(try await inspector.queues().isEmpty)
            for number in 0..<5 {
                try await queue.enqueue(Probe(text: "\(number)"), id: JobID("n\(number)"))
            }
            try await queue.enqueue(Probe(), id: JobID("high"), priority: .high)
            try await queue.enqueue(Probe(), id: JobID("low"), priority: .low, traceID: "trace-1")
            let status = try await inspector.queue(named: Probe.queue)
            #expect(status.waiting == [1, 5, 1])
            #expect(status.depth == 7)
            #expect(status.minutes.first?.enqueued == 7)
            #expect(status.minutes.count == 5)
            #expect((status.latencyMilliseconds ?? -1) >= 0)
            #expect(try await inspector.queues().map(\.name) == [Probe.queue])
            #expect(try await inspector.depth(queue: Probe.queue) == 7)

            var ids: [String] = []
            var cursor: String?
            repeat {
                let page = try await inspector.jobs(queue: Probe.queue, state: .waiting, cursor: cursor, limit: 2)
                #expect(page.jobs.count <= 2)
                ids += page.jobs.map(\.id.rawValue)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(ids == ["high", "n0", "n1", "n2", "n3", "n4", "low"])

            let job = try #require(try await inspector.job(id: JobID("low")))
            #expect(job.state == .waiting && job.priority == .low && job.traceID == "trace-1")
            #expect(job.name == "probe" && job.version == 1 && job.maximumFailures == 1)
            #expect(job.payload?.contains("\"fails\":false") == true)
            #expect(try await inspector.job(id: JobID("none")) == nil)
        }
    }

    @Test("a dead job says why, and goes back with fresh budgets")
    func dead() async throws {
        try await withInspector { queue, inspector, _ in
            try await queue.enqueue(Probe(fails: true), id: JobID("bad"))
            let handler: @Sendable (Probe) async throws -> Completion = { _ in throw JobFailure.permanent("no way") }
            try await withWorker(queue, handler) {
                try await until { try await inspector.queue(named: Probe.queue).dead == 1 }
            }
            let page = try await inspector.jobs(queue: Probe.queue, state: .dead)
            #expect(page.jobs.map(\.id.rawValue) == ["bad"])
            let job = try #require(try await inspector.job(id: JobID("bad")))
            #expect(job.state == .dead && job.failures == 1)
            #expect(job.troubles.last?.message.contains("no way") == true)
            #expect(try await inspector.retry(id: JobID("bad"), queue: Probe.queue))
            #expect(try await inspector.retry(id: JobID("bad"), queue: Probe.queue) == false)
            let again = try #require(try await inspector.job(id: JobID("bad")))
            #expect(again.state == .waiting && again.failures == 0)
            #expect(again.troubles.count == 1)
            try await withWorker(queue, { _ in Completion(result: "fine") }) {
                try await until { try await inspector.job(id: JobID("bad"))?.state == .completed }
            }
        }
    }

    @Test("scheduled jobs have their time, can be run now and deleted")
    func scheduled() async throws {
        try await withInspector { queue, inspector, _ in
            try await queue.enqueue(Probe(), id: JobID("a"), delay: .seconds(3_600))
            try await queue.enqueue(Probe(), id: JobID("b"), delay: .seconds(7_200))
            let page = try await inspector.jobs(queue: Probe.queue, state: .scheduled)
            #expect(page.jobs.map(\.id.rawValue) == ["a", "b"])
            let job = try #require(page.jobs.first)
            #expect(job.stateAt == job.createdAt.map { $0 + 3_600_000 })
            #expect(job.payload == nil)
            #expect(try await inspector.retry(id: JobID("a"), queue: Probe.queue))
            #expect(try await inspector.job(id: JobID("a"))?.state == .waiting)
            #expect(try await inspector.delete(id: JobID("b"), queue: Probe.queue))
            #expect(try await inspector.job(id: JobID("b")) == nil)
            #expect(try await inspector.delete(id: JobID("a"), queue: Probe.queue))
            #expect(try await inspector.jobs(queue: Probe.queue, state: .waiting).jobs.isEmpty)
        }
    }

    @Test("a paused queue gives nothing until it is resumed; running jobs show with their worker")
    func pauseAndWorkers() async throws {
        try await withInspector { queue, inspector, _ in
            let (gate, open) = AsyncStream.makeStream(of: Void.self)
            let handler: @Sendable (Probe) async throws -> Completion = { _ in
                for await _ in gate { break }
                return .done
            }
            try await inspector.pause(queue: Probe.queue)
            try await queue.enqueue(Probe(), id: JobID("held"))
            #expect(try await inspector.queue(named: Probe.queue).isPaused)
            try await withWorker(queue, handler) {
                try await until { try await !inspector.workers().isEmpty }
                #expect(try await inspector.job(id: JobID("held"))?.state == .waiting)
                try await inspector.resume(queue: Probe.queue)
                try await until { try await inspector.job(id: JobID("held"))?.state == .running }
                #expect(
                    try await inspector.jobs(queue: Probe.queue, state: .running).jobs.map(\.id.rawValue) == ["held"])
                try await until { try await inspector.workers().first?.running.first?.id == JobID("held") }
                let worker = try #require(try await inspector.workers().first)
                #expect(worker.name == "inspected-worker" && worker.queues == [Probe.queue])
                #expect(worker.pid == Int(ProcessInfo.processInfo.processIdentifier))
                open.finish()
                try await until { try await inspector.job(id: JobID("held"))?.state == .completed }
            }
            #expect(try await inspector.workers().isEmpty)
        }
    }
}
