import Foundation
import JobQueue
import RedisClient
import TestSupport
import Testing

/// A pool under faults: its jobs are counted one by one, its processes by what the kernel knows.
@Suite("A pool under faults", .serialized)
struct PoolFaultTests {
    private typealias Fixture = PoolFixture

    private static func start(
        processes: Int = 2, server: RedisServer? = nil, socket: String? = nil, data: TemporaryDirectory? = nil,
        extra: [String] = []
    ) async throws -> PoolFixture {
        try await PoolFixture.start(
            "pool-test-worker", processes: processes, data: data, server: server, socket: socket,
            extra: ["--workers-grace-s", "1"] + extra)
    }

    /// Puts sleeping jobs on the queue.
    private static func enqueue(_ count: Int, _ prefix: String, _ fixture: Fixture) async throws {
        let payload = #"{"kind":"sleeps","amount":40}"#
        let jobs = try (0..<count).map { index in
            try PreparedJob(
                queue: "mail", name: "pool-test", version: 1, payload: payload, id: JobID("\(prefix)-\(index)"),
                options: JobOptions(maximumLapses: 50))
        }
        let results = try await fixture.queue.enqueue(jobs)
        #expect(results.count { $0 == .enqueued } == count)
    }

    private static func tally(_ fixture: Fixture) async throws -> [String: Int] {
        let reply = try await fixture.client.send(RedisCommand("HGETALL", "{sunset}:pooltest:tally"))
        let parts = (reply.array ?? []).compactMap(\.string)
        return Dictionary(
            uniqueKeysWithValues: stride(from: 0, to: parts.count - 1, by: 2).map {
                (parts[$0], Int(parts[$0 + 1]) ?? 0)
            })
    }

    private static func finished(_ fixture: Fixture) async throws -> Int { try await tally(fixture).count }

    /// Waits until all are done and looks whether each was done once, and nothing else is left.
    private static func expectEachOnce(_ count: Int, _ fixture: Fixture) async throws {
        try await fixture.eventually("all \(count) jobs are done") { try await finished(fixture) >= count }
        let inspector = QueueInspector(queue: fixture.queue)
        try await fixture.eventually("no lease is left") {
            let status = try await inspector.queue(named: "mail")
            return status.running == 0 && status.depth == 0
        }
        let tally = try await tally(fixture)
        #expect(tally.count == count)
        #expect(tally.values.allSatisfy { $0 == 1 })
        let status = try await inspector.queue(named: "mail", minutes: 60)
        #expect(status.dead == 0)
        #expect(status.minutes.reduce(0) { $0 + $1.completed } == count)
    }

    private static func expectNoOrphan(_ fixture: Fixture) async throws {
        try await fixture.eventually("every process has ended") { fixture.processes.isEmpty }
    }

    private static func bothReady(_ fixture: Fixture) async throws {
        try await fixture.eventually("both are ready") { fixture.pid("mail-1") != nil && fixture.pid("mail-2") != nil }
    }

    @Test("the supervisor is killed at work: no process stays, and another pool does the rest, each job once")
    func supervisorKilled() async throws {
        let first = try await Self.start()
        try await Self.bothReady(first)
        try await Self.enqueue(400, "a", first)
        try await first.eventually("some are done") { try await Self.finished(first) > 20 }
        first.pool.kill(SIGKILL)
        _ = first.pool.wait()
        try await Self.expectNoOrphan(first)
        #expect(try await Self.finished(first) < 400)
        let second = try await Self.start(server: first.server)
        try await Self.expectEachOnce(400, second)
        await second.stop()
    }

    @Test("workers are killed at work, again and again: each job is done once")
    func workersKilled() async throws {
        let fixture = try await Self.start()
        try await Self.bothReady(fixture)
        try await Self.enqueue(400, "a", fixture)
        for round in 1...4 {
            let name = "mail-\(round % 2 + 1)"
            try await fixture.eventually("a worker to kill") {
                try await Self.finished(fixture) > round * 40 && fixture.pid(name).map(isAlive) ?? false
            }
            let pid = try #require(fixture.pid(name))
            kill(pid, SIGKILL)
            try await fixture.eventually("another") { fixture.pid(name).map { $0 != pid } ?? false }
        }
        try await Self.expectEachOnce(400, fixture)
        fixture.pool.kill(SIGTERM)
        #expect(fixture.pool.wait() == 0)
        try await Self.expectNoOrphan(fixture)
        await fixture.stop()
    }

    @Test("the connection to Redis is cut in the middle of everything: the same processes go on, each job is done once")
    func connectionCut() async throws {
        let server = try await RedisServer.start()
        let proxy = try FaultProxy(to: server)
        let fixture = try await Self.start(server: server, socket: proxy.socketPath)
        try await Self.bothReady(fixture)
        let before = Set(fixture.processes)
        #expect(before.count == 3)
        try await Self.enqueue(400, "a", fixture)
        for (round, mode) in [FaultProxy.Mode.cutBeforeSend, .cutAfterSend, .cutBeforeReply].enumerated() {
            try await fixture.eventually("work") { try await Self.finished(fixture) > (round + 1) * 40 }
            proxy.set(mode, times: 20)
            proxy.cutAll()
            try await fixture.eventually("the faults") { proxy.faults >= (round + 1) * 20 }
        }
        try await Self.expectEachOnce(400, fixture)
        #expect(Set(fixture.processes) == before)
        fixture.pool.kill(SIGTERM)
        #expect(fixture.pool.wait() == 0)
        try await Self.expectNoOrphan(fixture)
        proxy.stop()
        await fixture.stop()
    }

    @Test("Redis hangs for longer than a lease: what was claimed comes again, each job is done once")
    func redisFrozen() async throws {
        let fixture = try await Self.start()
        try await Self.bothReady(fixture)
        try await Self.enqueue(200, "a", fixture)
        try await fixture.eventually("some are done") { try await Self.finished(fixture) > 20 }
        fixture.server.pause()
        try await Task.sleep(for: .seconds(4))  // the outage itself; a lease is three seconds
        fixture.server.resume()
        try await Self.enqueue(100, "b", fixture)
        try await Self.expectEachOnce(300, fixture)
        await fixture.stop()
        try await Self.expectNoOrphan(fixture)
    }

    @Test("the supervisor is killed while Redis can't be reached: no worker waits for it, not even one that starts")
    func orphansOfAnOutage() async throws {
        let server = try await RedisServer.start()
        let proxy = try FaultProxy(to: server)
        let fixture = try await Self.start(server: server, socket: proxy.socketPath)
        try await Self.bothReady(fixture)
        proxy.set(.drop)
        let pid = try #require(fixture.pid("mail-1"))
        kill(pid, SIGKILL)
        try await fixture.eventually("one that starts") {
            fixture.processes.count == 3 && !fixture.processes.contains(pid)
        }
        fixture.pool.kill(SIGKILL)
        _ = fixture.pool.wait()
        try await Self.expectNoOrphan(fixture)
        proxy.stop()
        await fixture.stop()
    }

    @Test("handlers that never end keep no worker alive when its supervisor is killed")
    func deafOrphans() async throws {
        let fixture = try await Self.start(processes: 1, extra: ["--workers-grace-s", "0"])
        try await fixture.eventually("it is ready") { fixture.pid("mail-1") != nil }
        try await Self.enqueueDeaf(8, fixture)
        let inspector = QueueInspector(queue: fixture.queue)
        try await fixture.eventually("they are stuck") {
            try await inspector.workers().contains { $0.details["stuck"].flatMap { Int($0) } ?? 0 > 0 }
        }
        fixture.pool.kill(SIGKILL)
        _ = fixture.pool.wait()
        try await Self.expectNoOrphan(fixture)
        await fixture.stop()
    }

    @Test("a worker is killed while a program of its job runs: that program does not stay either")
    func probes() async throws {
        let fixture = try await Self.start(processes: 1)
        try await fixture.eventually("it is ready") { fixture.pid("mail-1") != nil }
        let worker = try #require(fixture.pid("mail-1"))
        _ = try await fixture.queue.enqueue([
            try PreparedJob(
                queue: "mail", name: "pool-test", version: 1, payload: #"{"kind":"probes","amount":0}"#,
                options: JobOptions(maximumLapses: 1))
        ])
        try await fixture.eventually("the program runs") { Self.program(of: worker) != nil }
        let probe = try #require(Self.program(of: worker))
        kill(worker, SIGKILL)
        try await fixture.eventually("both have ended") { !isAlive(probe) && !isAlive(worker) }
        await fixture.stop()
    }

    @Test("a worker that ends itself without its supervisor leaves no program of a job behind")
    func ownProbes() async throws {
        let fixture = try await Self.start(processes: 1)
        try await fixture.eventually("it is ready") { fixture.pid("mail-1") != nil }
        let worker = try #require(fixture.pid("mail-1"))
        _ = try await fixture.queue.enqueue([
            try PreparedJob(
                queue: "mail", name: "pool-test", version: 1, payload: #"{"kind":"probes","amount":0}"#,
                options: JobOptions(maximumLapses: 1))
        ])
        try await fixture.eventually("the program runs") { Self.program(of: worker) != nil }
        let probe = try #require(Self.program(of: worker))
        // Its threads are taken: nothing of it but the watch can end the program.
        try await Self.enqueueDeaf(8, fixture)
        let inspector = QueueInspector(queue: fixture.queue)
        try await fixture.eventually("they are stuck") {
            try await inspector.workers().contains { $0.details["stuck"].flatMap { Int($0) } ?? 0 > 0 }
        }
        fixture.pool.kill(SIGKILL)
        _ = fixture.pool.wait()
        try await fixture.eventually("both have ended") { !isAlive(probe) && !isAlive(worker) }
        await fixture.stop()
    }

    /// The program of the worker's job; a child that has not become it yet, or is gone at once, is none.
    private static func program(of worker: Int32) -> Int32? {
        children(of: worker).first { pid in
            (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8))?.contains("3600") ?? false
        }
    }

    private static func children(of parent: Int32) -> [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int32($0) }.filter { pid in
            let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
            return status.contains("\nPPid:\t\(parent)\n")
        }
    }

    private static func enqueueDeaf(_ count: Int, _ fixture: Fixture) async throws {
        let options = JobOptions(maximumFailures: 1, timeout: .milliseconds(500))
        let jobs = try (0..<count).map { _ in
            try PreparedJob(
                queue: "mail", name: "pool-test-deaf", version: 1, payload: "{}", options: options)
        }
        _ = try await fixture.queue.enqueue(jobs)
    }

    @Test("a worker whose handlers never end gets a successor, and the queue goes on")
    func replacesTheStuck() async throws {
        let fixture = try await Self.start(processes: 1)
        try await fixture.eventually("it is ready") { fixture.pid("mail-1") != nil }
        let stuck = try #require(fixture.pid("mail-1"))
        try await Self.enqueueDeaf(8, fixture)
        try await fixture.eventually("a successor alone") { fixture.pid("mail-2") != nil && !isAlive(stuck) }
        #expect(fixture.log.contains("worker mail-1 has handlers that do not end and is replaced"))
        try await Self.enqueue(20, "a", fixture)
        try await fixture.eventually("work is done") { try await Self.finished(fixture) == 20 }
        await fixture.stop()
    }

    @Test("a worker that does not become ready is killed and started again, ever later, and the log says so")
    func neverReady() async throws {
        let data = try TemporaryDirectory()
        try Data().write(to: URL(filePath: data.file("hang")))
        let fixture = try await Self.start(processes: 1, data: data, extra: ["--workers-start-s", "1"])
        try await fixture.eventually("two tries") {
            fixture.log.components(separatedBy: "worker mail-1 is not ready within 1 s: it is killed").count > 2
        }
        try await fixture.eventually("the second pause") { fixture.log.contains("failures=2") }
        try FileManager.default.removeItem(atPath: data.file("hang"))
        try await fixture.eventually("it is ready") { fixture.pid("mail-1") != nil }
        await fixture.stop()
    }

    @Test("a limit that every process exceeds is said, and does not restart them all the time")
    func limitTooSmall() async throws {
        let fixture = try await Self.start(processes: 1, extra: ["--workers-mail-memory-mib", "1"])
        try await fixture.eventually("it is said") {
            fixture.log.contains("soon after its start: it is replaced later")
        }
        #expect(fixture.log.contains("raise workers.<queue>.memory_mib"))
        #expect(fixture.log.components(separatedBy: "takes too much memory and is replaced").count == 2)
        await fixture.stop()
    }

    @Test("a worker that leaks is replaced once it is over its limit, and its jobs are not lost")
    func leaks() async throws {
        let fixture = try await Self.start(processes: 1, extra: ["--workers-mail-memory-mib", "300"])
        try await fixture.eventually("it is ready") { fixture.pid("mail-1") != nil }
        let payload = #"{"kind":"leaks","amount":400}"#
        _ = try await fixture.queue.enqueue([
            try PreparedJob(queue: "mail", name: "pool-test", version: 1, payload: payload)
        ])
        try await Self.enqueue(100, "a", fixture)
        try await fixture.eventually("its successor") { fixture.pid("mail-2") != nil && fixture.pid("mail-1") == nil }
        try await Self.expectEachOnce(101, fixture)
        await fixture.stop()
    }
}
