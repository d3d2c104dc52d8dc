import Foundation
import JobQueue
@testable import Pool
import Settings
import Telemetry
import TestSupport
import Testing

/// The real supervisor with real worker processes of the mail queue on a real Redis.
@Suite("The pool", .serialized)
struct PoolTests {
    private typealias Fixture = PoolFixture

    private func eventually(_ what: String, _ fixture: Fixture, _ condition: () -> Bool) async throws {
        try await fixture.eventually(what, condition)
    }

    /// What curl gets; empty while nothing is served.
    private static func fetched(_ url: String, into file: String) -> String {
        guard let curl = try? ChildProcess("/usr/bin/curl", ["-s", url], output: file), curl.wait() == 0 else {
            return ""
        }
        return (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    }

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

    @Test("SIGHUP replaces every worker without a gap: the new one is ready before the old one ends")
    func rollsOver() async throws {
        let fixture = try await Fixture.start(processes: 1)
        try await eventually("the worker is ready", fixture) { fixture.pid("mail-1") != nil }
        let old = try #require(fixture.pid("mail-1"))
        fixture.pool.kill(SIGHUP)
        var sawBoth = false
        try await eventually("the successor alone", fixture) {
            let new = fixture.pid("mail-2")
            if new != nil, isAlive(old) { sawBoth = true }
            return new != nil && !isAlive(old)
        }
        #expect(sawBoth)
        try await fixture.send()
        try await eventually("one mail", fixture) { fixture.mails == 1 }
        #expect(fixture.log.contains("rolled over"))
        await fixture.stop()
    }

    @Test("a worker that is frozen is killed and replaced, and what it held is done")
    func replacesTheFrozen() async throws {
        let fixture = try await Fixture.start(processes: 2)
        try await eventually("both are ready", fixture) { fixture.pid("mail-1") != nil && fixture.pid("mail-2") != nil }
        let frozen = try #require(fixture.pid("mail-1"))
        kill(frozen, SIGSTOP)
        try await eventually("another worker", fixture) { fixture.pid("mail-1").map { $0 != frozen } ?? false }
        #expect(!isAlive(frozen))
        try await fixture.send()
        try await eventually("one mail", fixture) { fixture.mails == 1 }
        await fixture.stop()
    }

    @Test("a worker over its memory limit is replaced")
    func replacesTheFat() async throws {
        let fixture = try await Fixture.start(processes: 1, extra: ["--workers-mail-memory-mib", "1"])
        try await eventually("a replacement", fixture) { fixture.log.contains("takes too much memory") }
        try await eventually("the successor", fixture) { fixture.pid("mail-2") != nil }
        await fixture.stop()
    }

    @Test("an operator's number is followed up and down, and taken back")
    func overrides() async throws {
        let fixture = try await Fixture.start(processes: 1, most: 3)
        let registry = PoolRegistry(queue: fixture.queue)
        try await eventually("the worker is ready", fixture) { fixture.pid("mail-1") != nil }
        try await registry.setOverride(PoolOverride("3"), queue: "mail")
        try await eventually("three", fixture) { fixture.pid("mail-2") != nil && fixture.pid("mail-3") != nil }
        try await registry.setOverride(PoolOverride("1"), queue: "mail")
        try await eventually("one", fixture) { fixture.pid("mail-2") == nil && fixture.pid("mail-3") == nil }
        #expect(fixture.pid("mail-1") != nil)
        try await registry.setOverride(nil, queue: "mail")
        let view = try await registry.view()
        #expect(view.overrides.isEmpty)
        let share = try #require(view.pools.first?.shares.first { $0.queue == "mail" })
        #expect(share.maximum == 3)
        await fixture.stop()
    }

    @Test("two pools share one picture: together they run what is wanted, and one goes on when the other is lost")
    func sharesThePicture() async throws {
        let first = try await Fixture.start(processes: 1, most: 3)
        let second = try await Fixture.start(processes: 1, most: 3, server: first.server)
        let registry = PoolRegistry(queue: first.queue)
        try await registry.setOverride(PoolOverride("4"), queue: "mail")
        func count(_ fixture: Fixture) -> Int { ["mail-1", "mail-2", "mail-3"].count { fixture.pid($0) != nil } }
        try await eventually("four in all", second) { count(first) + count(second) == 4 }
        #expect(try await registry.view().pools.count == 2)
        second.pool.kill(SIGKILL)
        _ = second.pool.wait()
        try await eventually("the first has its most", first) { count(first) == 3 }
        await first.stop()
    }

    @Test("the pool's metrics are its own and its workers', each with its name")
    func metrics() async throws {
        let port = try TCPPort.unused()
        let fixture = try await Fixture.start(processes: 1, extra: ["--workers-metrics-port", "\(port)"])
        try await eventually("the worker is ready", fixture) { fixture.pid("mail-1") != nil }
        let first = try #require(fixture.pid("mail-1"))
        kill(first, SIGKILL)
        try await eventually("another", fixture) { fixture.pid("mail-1").map { $0 != first } ?? false }
        try await fixture.send()
        try await eventually("one mail", fixture) { fixture.mails == 1 }
        var text = ""
        func value(_ series: String) -> Double? { MetricAudit.value(series, in: text) }
        let completed = #"jobqueue_completed_total{process="mail-1",queue="mail",type="send-mail"}"#
        try await eventually("the worker's count, and the pool leads", fixture) {
            text = Self.fetched("http://127.0.0.1:\(port)/metrics", into: fixture.data.file("metrics"))
            return value(completed) == 1 && value(#"sunset_pool_leader{process="pool"}"#) == 1
        }
        #expect(try MetricAudit.problems(in: text, of: .pool) == [])
        #expect(value(#"sunset_pool_processes_ready{process="pool",queue="mail"}"#) == 1)
        #expect(value(#"sunset_pool_processes_wanted{process="pool",queue="mail"}"#) == 1)
        #expect(value(#"sunset_pool_restarts_total{process="pool",cause="ended",queue="mail"}"#) == 1)
        #expect(value(#"sunset_mails_total{process="mail-1",outcome="delivered",template="confirm_code"}"#) == 1)
        #expect(value(#"redis_client_round_trips_total{process="mail-1"}"#) ?? 0 > 0)
        #expect(value(#"jobqueue_run_duration_seconds_count{process="mail-1",queue="mail",type="send-mail"}"#) == 1)
        #expect(text.contains("process_resident_memory_bytes{process=\"mail-1\"}"))
        #expect(text.split(separator: "\n").filter { $0 == "# TYPE process_open_fds gauge" }.count == 1)
        await fixture.stop()
    }

    @Test("a worker without a pool shows its metrics on the pool's port, and a second one works without")
    func loneMetrics() async throws {
        let port = try TCPPort.unused()
        let (server, data) = (try await RedisServer.start(), try TemporaryDirectory())
        defer { server.stop() }
        func worker(_ number: Int) throws -> ChildProcess {
            try ChildProcess(
                Fixture.builtProduct("sunset-worker"),
                [
                    "run", "--queue", "mail", "--number", "\(number)", "--data", data.path, "--redis-socket",
                    server.socketPath, "--redis-allow-volatile", "true", "--workers-metrics-port", "\(port)",
                ], output: data.file("\(number).log"))
        }
        func isReady(_ number: Int) -> Bool {
            FileManager.default.fileExists(atPath: data.file("run/workers/mail-\(number).pid"))
        }
        let first = try worker(1)
        defer { first.kill(SIGKILL) }
        try await TestSupport.eventually("its metrics") {
            Self.fetched("http://127.0.0.1:\(port)/metrics", into: data.file("metrics"))
                .contains("process_start_time_seconds")
        }
        let second = try worker(2)
        defer { second.kill(SIGKILL) }
        try await TestSupport.eventually("the second says so and works") {
            let log = (try? String(contentsOfFile: data.file("2.log"), encoding: .utf8)) ?? ""
            return log.contains("the metrics are not served") && isReady(2)
        }
    }

    @Test("a replacement that waited for its turn leaves a fresh process of the slot alone")
    func lateReplacement() async throws {
        let data = try TemporaryDirectory()
        let settings = try Settings(flags: ["--data", data.path])
        let supervisor = PoolSupervisor(
            settings: settings, executable: "/bin/false", arguments: [], reload: { settings }, logger: .quiet)
        let queue = try #require(settings.queues.first { $0.name == "mail" })
        let slot = await supervisor.start(queue)
        await supervisor.replace(slot, PoolMender.ProcessKey(slot: slot.name, pid: 1))
        #expect(await supervisor.slots["mail"]?.count == 1)
        #expect(!slot.isRetired)
    }

    @Test("a bad setting stops the start and names the key")
    func badSetting() async throws {
        let data = try TemporaryDirectory()
        let pool = try ChildProcess(
            Fixture.builtProduct("sunset-worker"), ["pool", "--data", data.path, "--workers-mail-min", "many"],
            output: data.file("log"))
        #expect(pool.wait() != 0)
        let log = try String(contentsOfFile: data.file("log"), encoding: .utf8)
        #expect(log.contains("workers.mail.min: 'many' is not allowed; it must be a whole number from 0 to 256"))
    }
}
