import Foundation
import JobQueue
import Marketplace
import RedisClient
import TestSupport
import Testing

/// The real supervisor with real worker processes of the mail queue on a real Redis.
@Suite("The pool", .serialized)
struct PoolTests {
    private struct Fixture {
        let server: RedisServer
        let data: TemporaryDirectory
        let pool: ChildProcess
        let queue: JobQueue
        let client: RedisClient

        static func start(processes: Int) async throws -> Fixture {
            let server = try await RedisServer.start()
            let data = try TemporaryDirectory()
            let others = ["ingest", "charges", "fulfilment", "links", "maintenance"].flatMap {
                ["--workers-\($0)-min", "0", "--workers-\($0)-max", "0"]
            }
            let pool = try ChildProcess(
                PoolTests.builtProduct("sunset-worker"),
                [
                    "pool", "--data", data.path, "--redis-socket", server.socketPath, "--redis-allow-volatile", "true",
                    "--workers-mail-min", "\(processes)", "--workers-mail-max", "\(processes)", "--workers-lease-s",
                    "3",
                ] + others,
                output: data.file("pool.log"))
            let client = server.makeClient()
            let queue = JobQueue(redis: client, namespace: try Namespace("sunset"), logger: .quiet)
            return Fixture(server: server, data: data, pool: pool, queue: queue, client: client)
        }

        func pid(_ name: String) -> Int32? {
            let text = try? String(contentsOfFile: data.file("run/workers/\(name).pid"), encoding: .utf8)
            return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }

        var mails: Int { (try? FileManager.default.contentsOfDirectory(atPath: data.file("mail/new")).count) ?? 0 }

        func send() async throws {
            try await queue.enqueue(
                SendMail(to: "a@example.org", name: "A", template: .confirmCode(code: "123456", minutes: 15)))
        }

        func stop() async {
            pool.kill(SIGKILL)
            _ = pool.wait()
            await client.close()
            server.stop()
        }

        var log: String { (try? String(contentsOfFile: data.file("pool.log"), encoding: .utf8)) ?? "" }
    }

    /// Executables lie beside the test bundle.
    fileprivate static func builtProduct(_ name: String) -> String {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name).path
    }

    /// Waits for what other processes bring about; the limit only ends a test that would never end.
    private func eventually(_ what: String, _ fixture: Fixture, _ condition: () -> Bool) async throws {
        for _ in 0..<1_500 {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("never happened: \(what)\n\(fixture.log.suffix(3_000))")
        throw CancellationError()
    }

    private func isAlive(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }

    @Test("a worker that was killed is replaced, and its queue goes on")
    func replacesTheDead() async throws {
        let fixture = try await Fixture.start(processes: 1)
        try await eventually("the worker is ready", fixture) { fixture.pid("mail-1") != nil }
        try await fixture.send()
        try await eventually("one mail", fixture) { fixture.mails == 1 }
        let first = try #require(fixture.pid("mail-1"))
        kill(first, SIGKILL)
        try await eventually("another worker", fixture) { fixture.pid("mail-1").map { $0 != first } ?? false }
        try await fixture.send()
        try await eventually("two mails", fixture) { fixture.mails == 2 }
        await fixture.stop()
    }

    @Test("when the supervisor is killed, no worker stays behind")
    func noOrphans() async throws {
        let fixture = try await Fixture.start(processes: 2)
        try await eventually("both are ready", fixture) { fixture.pid("mail-1") != nil && fixture.pid("mail-2") != nil }
        let pids = ["mail-1", "mail-2"].compactMap(fixture.pid)
        fixture.pool.kill(SIGKILL)
        _ = fixture.pool.wait()
        try await eventually("both ended", fixture) { !pids.contains(where: isAlive) }
        await fixture.stop()
    }

    @Test("SIGTERM drains the workers and ends the pool with status 0")
    func drains() async throws {
        let fixture = try await Fixture.start(processes: 1)
        try await eventually("the worker is ready", fixture) { fixture.pid("mail-1") != nil }
        let worker = try #require(fixture.pid("mail-1"))
        fixture.pool.kill(SIGTERM)
        #expect(fixture.pool.wait() == 0)
        #expect(!isAlive(worker))
        #expect(fixture.pid("mail-1") == nil)
        await fixture.stop()
    }

    @Test("a bad setting stops the start and names the key")
    func badSetting() async throws {
        let data = try TemporaryDirectory()
        let pool = try ChildProcess(
            Self.builtProduct("sunset-worker"), ["pool", "--data", data.path, "--workers-mail-min", "many"],
            output: data.file("log"))
        #expect(pool.wait() != 0)
        let log = try String(contentsOfFile: data.file("log"), encoding: .utf8)
        #expect(log.contains("workers.mail.min: 'many' is not allowed; it must be a whole number from 0 to 256"))
    }
}
