import Foundation
import JobQueue
import RedisClient
import ServiceLifecycle
import Synchronization
import TestSupport

/// A queue over a private server, and workers that live as long as a body.
struct QueueHarness: Sendable {
    let server: RedisServer
    let client: RedisClient
    let queue: JobQueue
    let inspector: QueueInspector

    static func run(
        configuration: [String] = [], limits: JobQueue.Limits = .init(), _ body: (QueueHarness) async throws -> Void
    ) async throws {
        try await withRedis(configuration: configuration) { server, client in
            let queue = JobQueue(redis: client, namespace: try Namespace("t"), logger: .quiet, limits: limits)
            try await queue.prepare()
            let inspector = QueueInspector(queue: queue)
            try await body(QueueHarness(server: server, client: client, queue: queue, inspector: inspector))
        }
    }

    /// The same queue over another client.
    func queue(over client: RedisClient) throws -> JobQueue {
        JobQueue(redis: client, namespace: try Namespace("t"), logger: .quiet)
    }

    func key(_ name: String) -> RedisArgument { RedisArgument("{t}:\(name)") }

    func number(_ name: String) async throws -> Int {
        try await client.send(RedisCommand("GET", key(name))).int ?? 0
    }

    /// A worker process of its own (`queue-test-worker`), for a test to kill or freeze.
    func startProcess(lease: Int = 1_000, concurrency: Int = 4) throws -> ChildProcess {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let executable = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appendingPathComponent("queue-test-worker").path
        return try ChildProcess(executable, [server.socketPath, "\(lease)", "\(concurrency)"])
    }

    /// A field of a worker's entry in the registry.
    func registry(_ worker: JobWorker, _ field: String) async throws -> String? {
        try await client.send(RedisCommand("HGET", key("w:\(worker.id)"), RedisArgument(field))).string
    }

    func list(_ name: String) async throws -> [String] {
        try await client.send(RedisCommand("LRANGE", key(name), 0, -1)).array?.compactMap(\.string) ?? []
    }

    func state(_ id: String, queue: String = "work") async throws -> JobState? {
        try await inspector.job(id: JobID(id), queue: queue)?.state
    }

    /// Lets the only lease run out, as that of a frozen worker would, until a turn has taken it away.
    func lapse(queue: String = "work") async throws {
        let lease = key("q:\(queue):lease")
        let members = try await client.send(RedisCommand("ZRANGE", lease, 0, -1)).array ?? []
        guard members.count == 1, let member = members.first?.string else {
            throw TestSupportError("there are \(members.count) leases, not one")
        }
        // Again and again, because a beat can come between and renew it.
        try await eventually("the lease was taken away") {
            _ = try await client.send(RedisCommand("ZADD", lease, "XX", 1, RedisArgument(member)))
            _ = try await client.send(RedisCommand("ZADD", key("q:\(queue):wake"), 0, "w"))
            return try await client.send(RedisCommand("ZSCORE", lease, RedisArgument(member))).isNull
        }
    }

    /// Runs a worker until the body ended, then drains it.
    func withWorker(
        _ handlers: JobHandlers,
        queues: [WorkerQueue] = [WorkerQueue("work", concurrency: 2)],
        lease: Duration = .seconds(30),
        heartbeat: Duration = .milliseconds(100),
        grace: Duration = .seconds(5),
        over queue: JobQueue? = nil,
        adjust: (inout JobWorkerConfiguration) -> Void = { _ in },
        _ body: (JobWorker) async throws -> Void
    ) async throws {
        var configuration = JobWorkerConfiguration(
            queues: queues, lease: lease, heartbeat: heartbeat, gracePeriod: grace, name: "test")
        adjust(&configuration)
        let worker = JobWorker(
            queue: queue ?? self.queue, handlers: handlers, configuration: configuration, logger: .quiet)
        let group = ServiceGroup(configuration: .init(services: [worker], logger: .quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(worker)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}

/// What handlers note, in order.
final class Notes: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func note(_ line: String) {
        lines.withLock { $0.append(line) }
    }
}

/// Holds handlers until it is opened.
final class Barrier: Sendable {
    private let isOpened = Mutex(false)

    func open() {
        isOpened.withLock { $0 = true }
    }

    /// Waits until it is open; throws when the handler is cancelled.
    func wait() async throws {
        while !isOpened.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(2)) }
    }
}

struct Work: Job {
    static let name = "work"
    static let queue = "work"
    static let options = JobOptions(
        maximumFailures: 3, maximumLapses: 2, backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(5)))
    var text = ""
}
