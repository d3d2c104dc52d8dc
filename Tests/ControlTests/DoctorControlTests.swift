import Foundation
import JobQueue
import PaymentStub
import RedisClient
import TestSupport
import Testing

@Suite("sunsetctl: doctor")
struct DoctorControlTests {
    /// What a run found, by check and subject.
    private struct Diagnosis {
        let said: Said
        let findings: [[String: Any]]

        /// `warning`, `failed`, `ok`, or nil if the check said nothing of the subject.
        func level(_ check: String, _ subject: String? = nil) -> String? {
            let found = findings.filter {
                $0["check"] as? String == check && (subject == nil || $0["subject"] as? String == subject)
            }
            return found.compactMap { $0["level"] as? String }.max { Self.rank($0) < Self.rank($1) }
        }

        func says(_ check: String, _ text: String) -> Bool {
            findings.contains { $0["check"] as? String == check && ($0["says"] as? String ?? "").contains(text) }
        }

        private static func rank(_ level: String) -> Int { ["ok", "warning", "failed"].firstIndex(of: level) ?? 3 }
    }

    private func diagnose(
        _ harness: ControlHarness, settings: [String] = [], environment: [String] = []
    ) async throws -> Diagnosis {
        let said = try await harness.ctl(["doctor", "--json"], settings: settings, environment: environment)
        let findings = try #require(try said.object()["findings"] as? [[String: Any]])
        for finding in findings where finding["level"] as? String != "ok" {
            #expect(finding["advice"] as? String != nil, "\(finding)")
        }
        return Diagnosis(said: said, findings: findings)
    }

    @Test("stuck work is found: paused, waiting too long, dead, abandoned, without workers")
    func queues() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            _ = try await harness.inspector.pause(queue: "chores")
            let paused = try await diagnose(harness)
            #expect(paused.said.status == 1)
            #expect(paused.level("queue.paused", "chores") == "warning")
            #expect(paused.level("queue.dead", "chores") == "warning")
            #expect(paused.says("queue.dead", "2 dead jobs"))
            #expect(paused.level("queue.workers", "chores") == "failed")
            #expect(paused.level("pool") == "failed")
            #expect(paused.level("schema", "queues") == "ok")

            _ = try await harness.inspector.resume(queue: "chores")
            _ = try await harness.ctl("dead", "purge", "chores", "--yes")
            var handlers = JobHandlers()
            handlers.register(Chore.self) { _, _ in }
            try await harness.withWorker(handlers) {
                try await eventually { try await harness.inspector.queue(named: "chores").depth == 0 }
                try await eventually { try await !harness.inspector.workers().isEmpty }
                let share = PoolRecord.Share(
                    queue: "chores", minimum: 1, maximum: 1, concurrency: 1, latencyGoalMilliseconds: 1000, ready: 1,
                    wanted: 2)
                let record = PoolRecord(id: "pool_1", host: "here", pid: 1, shares: [share])
                _ = try await PoolRegistry(queue: harness.queue).beat(record)
                let worked = try await diagnose(harness)
                #expect(worked.level("queue", "chores") == "ok")
                #expect(worked.level("queue.workers", "chores") == nil)
                // The shop's own queues have none: its workers are others.
                #expect(worked.level("queue.workers", "mail") == "failed")
                #expect(worked.level("pool.ready", "chores on here") == "warning")
                // The worker did not beat for an hour, as it seems to Redis.
                let worker = try #require(try await harness.inspector.workers().first)
                _ = try await harness.inspector.tell(worker: worker.id, .quiet)
                try await eventually { try await harness.inspector.workers().first?.state == "quiet" }
                #expect(try await diagnose(harness).level("worker.quiet") == "warning")
            }
        }
    }

    @Test("a worker that died with jobs is missed: its beat and its lease are long past")
    func lapses() async throws {
        try await ControlHarness.run { harness in
            try await harness.queue.enqueue(Chore(text: "x"), id: JobID("x"))
            let key = "\(harness.queue.namespace.prefix)q:chores:"
            // As a worker leaves it that was killed a minute ago.
            let past = Date().timeIntervalSince1970 * 1000 - 60_000
            _ = try await harness.client.send(RedisCommand("RPOP", RedisArgument(key + "p1")))
            _ = try await harness.client.send(
                RedisCommand("ZADD", RedisArgument(key + "lease"), RedisArgument(String(Int64(past))), "x:1"))
            let prefix = harness.queue.namespace.prefix
            _ = try await harness.client.send(
                RedisCommand("ZADD", RedisArgument(prefix + "workers"), RedisArgument(String(Int64(past))), "w_1"))
            _ = try await harness.client.send(
                RedisCommand(
                    "HSET", RedisArgument(prefix + "w:w_1"), "name", "lost", "host", "h", "pid", "1",
                    "version", "1", "queues", "chores", "running", "[]", "started", "1"))
            let found = try await diagnose(harness)
            #expect(found.level("queue.leases", "chores") == "failed")
            #expect(found.level("worker.silent", "lost on h") == "warning")
        }
    }

    @Test("a periodic job whose schedulers are gone is found, though its next tick is still to come")
    func forgotten() async throws {
        try await ControlHarness.run { harness in
            try await harness.withSchedule("nightly") {
                try await eventually("declared") { try await !harness.inspector.schedules().isEmpty }
                #expect(try await diagnose(harness).level("cron", "nightly") == "ok")
            }
            try await harness.age(schedule: "nightly")
            let found = try await diagnose(harness)
            #expect(found.level("cron", "nightly") == "failed")
            #expect(found.says("cron", "nobody ticks it"))
        }
    }

    @Test("a Redis that may forget or evict, is full, or is a replica, is found; and one that is not there")
    func redis() async throws {
        try await ControlHarness.run { harness in
            func set(_ name: String, _ value: String) async throws {
                _ = try await harness.client.send(
                    RedisCommand("CONFIG", "SET", RedisArgument(name), RedisArgument(value)))
            }
            let volatile = try await diagnose(harness)
            #expect(volatile.level("redis.persistence") == "warning")
            #expect(volatile.level("redis.eviction") == "ok")
            #expect(volatile.level("redis.version") == "ok")
            #expect(volatile.level("clock") == "ok")
            let strict = ["--redis-allow-volatile", "false"]
            #expect(try await diagnose(harness, settings: strict).level("redis.persistence") == "failed")
            try await set("appendonly", "yes")
            try await set("appendfsync", "everysec")
            let everysec = try await diagnose(harness, settings: strict)
            #expect(everysec.level("redis.persistence") == "failed")
            #expect(everysec.says("redis.persistence", "appendfsync is everysec"))
            try await set("appendfsync", "always")
            try await set("no-appendfsync-on-rewrite", "yes")
            #expect(try await diagnose(harness, settings: strict).level("redis.persistence") == "warning")
            try await set("no-appendfsync-on-rewrite", "no")
            #expect(try await diagnose(harness, settings: strict).level("redis.persistence") == "ok")
            try await set("maxmemory-policy", "allkeys-lru")
            #expect(try await diagnose(harness).level("redis.eviction") == "failed")
            try await set("maxmemory-policy", "noeviction")
            try await set("maxmemory", "1mb")
            #expect(try await diagnose(harness).level("redis.memory") == "failed")
            try await set("maxmemory", "0")
            try await set("min-replicas-to-write", "1")
            let alone = try await diagnose(harness, settings: ["--redis-replicas", "1"])
            #expect(alone.level("redis.replication") == "failed")
            #expect(alone.says("redis.replication", "redis.replicas asks for 1"))
            #expect(alone.says("redis.replication", "min-replicas-to-write is 1"))
            try await set("min-replicas-to-write", "0")
            _ = try await harness.client.send(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
            #expect(try await diagnose(harness).says("redis.replication", "takes no writes"))
            harness.server.kill()
            let gone = try await diagnose(harness)
            #expect(gone.said.status == 1)
            #expect(gone.says("redis", "does not answer"))
        }
    }

    @Test("a layout that this release does not know, and a clock that is wrong, are found")
    func layoutAndClock() async throws {
        try await ControlHarness.run { harness in
            let key = RedisArgument(harness.queue.namespace.prefix + "queue:schema")
            _ = try await harness.client.send(RedisCommand("SET", key, "99"))
            let wrong = try await diagnose(harness, environment: try WrongClock.environment(seconds: 90))
            #expect(wrong.level("schema", "queues") == "failed")
            #expect(wrong.says("schema", "newer than this release"))
            #expect(wrong.level("clock") == "failed")
            #expect(wrong.says("clock", "ahead of"))
        }
    }

    @Test("open secrets, a Maildir that is none, and payments that are away or refuse our key are found")
    func filesAndPayments() async throws {
        try await ControlHarness.run { harness in
            _ = try await harness.market()
            let stub = PaymentStubConfiguration(
                dataDirectory: harness.folder.file("payments"), secretKey: "sk_right")
            try await withPaymentStub(stub, logger: .quiet) { url in
                let secrets = harness.folder.file("secrets")
                try FileManager.default.createDirectory(
                    atPath: secrets, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                func write(_ key: String) {
                    _ = FileManager.default.createFile(
                        atPath: secrets + "/payments-key", contents: Data(key.utf8),
                        attributes: [.posixPermissions: 0o600])
                }
                let settings = ["--payments-url", url]
                write("sk_wrong\n")
                let refused = try await diagnose(harness, settings: settings)
                #expect(refused.says("payments", "does not take our secret key"))
                #expect(!refused.said.output.contains("sk_wrong"))
                write("sk_right\n")
                let well = try await diagnose(harness, settings: settings)
                #expect(well.level("payments") == "ok")
                #expect(well.level("files.private") == "ok")
                #expect(well.level("store") == "ok")
                #expect(well.level("schema", "marketplace") == "ok")
                #expect(
                    try await diagnose(harness, settings: ["--payments-url", "http://127.0.0.1:9"]).level("payments")
                        == "failed")
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o640], ofItemAtPath: secrets + "/payments-key")
                try FileManager.default.createDirectory(
                    atPath: harness.folder.file("mail"), withIntermediateDirectories: true)
                let open = try await diagnose(harness, settings: settings)
                #expect(open.level("files.private", secrets + "/payments-key") == "failed")
                #expect(open.level("mail") == "failed")
                let people = try await harness.ctl(["doctor", "--problems"], settings: settings)
                #expect(people.output.contains("others may read it (mode 0640)"))
                #expect(people.output.contains("→ chmod 600"))
                #expect(!people.output.contains("\nok "))
            }
        }
    }
}
