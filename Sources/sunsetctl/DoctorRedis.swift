import Foundation
import Settings

/// What the doctor sees of Redis.
struct DoctorRedis {
    let facts: RedisFacts
    let settings: Settings

    func look(_ findings: inout Findings) {
        version(&findings)
        policy(&findings)
        persistence(&findings)
        health(&findings)
        memory(&findings)
        clients(&findings)
        latency(&findings)
        clock(&findings)
        replication(&findings)
    }

    private func version(_ findings: inout Findings) {
        let version = facts.info["redis_version"] ?? "unknown"
        let major = version.split(separator: ".").first.flatMap { Int($0) } ?? 0
        if major >= 7 {
            findings.ok("redis.version", "Redis \(version)")
        } else {
            findings.fail(
                "redis.version", "Redis \(version): the scripts of the queues need 7.0 or later", "upgrade Redis")
        }
        if facts.settings == nil {
            findings.warn(
                "redis.settings", "CONFIG is forbidden to this user: whether Redis persists and evicts can't be seen",
                "grant +config|get to the ACL user; the programs need it to start")
        }
    }

    private func policy(_ findings: inout Findings) {
        guard let policy = facts.settings?["maxmemory-policy"] else { return }
        if policy == "noeviction" {
            findings.ok("redis.eviction", "a full Redis refuses writes and forgets nothing (noeviction)")
        } else {
            findings.fail(
                "redis.eviction",
                "maxmemory-policy is \(policy): Redis throws jobs and orders away when memory is short",
                "CONFIG SET maxmemory-policy noeviction, and write it into redis.conf")
        }
        if let evicted = facts.number("evicted_keys"), evicted > 0 {
            findings.fail(
                "redis.eviction", "\(Show.count(evicted, "key")) evicted since Redis started",
                "jobs or orders may be lost: run 'sunsetctl ledger verify', and set noeviction")
        }
    }

    private func persistence(_ findings: inout Findings) {
        guard let redis = facts.settings else { return }
        let wrong = [("appendonly", "yes"), ("appendfsync", "always")].filter { redis[$0.0] != $0.1 }
        let text = wrong.map { "\($0.0) is \(redis[$0.0] ?? "unknown")" }.joined(separator: ", ")
        if wrong.isEmpty {
            findings.ok("redis.persistence", "every write is on disk before its reply (appendfsync always)")
        } else if settings.redis.allowVolatile {
            findings.warn(
                "redis.persistence", "\(text): acknowledged orders are lost when Redis crashes",
                "redis.allow_volatile permits it; set appendonly yes and appendfsync always where orders matter")
        } else {
            findings.fail(
                "redis.persistence", "\(text): acknowledged orders are lost when Redis crashes, and no program starts",
                "set appendonly yes and appendfsync always (Config/redis.conf)")
        }
        if redis["no-appendfsync-on-rewrite"] == "yes", wrong.isEmpty {
            findings.warn(
                "redis.persistence", "no-appendfsync-on-rewrite is yes: nothing is synced while the file is rewritten",
                "CONFIG SET no-appendfsync-on-rewrite no")
        }
    }

    /// What became of the last writes to disk.
    private func health(_ findings: inout Findings) {
        let states = [
            ("aof_last_write_status", "the last write to the append-only file failed: Redis refuses writes"),
            ("aof_last_bgrewrite_status", "the last rewrite of the append-only file failed: it grows without end"),
            ("rdb_last_bgsave_status", "the last snapshot failed: with 'save' set, Redis refuses writes"),
        ]
        let bad = states.filter { facts.info[$0.0] != nil && facts.info[$0.0] != "ok" }
        for (name, meaning) in bad {
            findings.fail(
                "redis.disk", meaning, "look at Redis's log and at its disk (\(name) is \(facts.info[name] ?? ""))")
        }
        if facts.number("loading") == 1 {
            findings.warn(
                "redis.disk", "Redis is reading its data after a start", "wait; nothing is answered until then")
        }
        guard bad.isEmpty else { return }
        findings.ok("redis.disk", "the last writes, rewrites and snapshots went well")
    }

    private func memory(_ findings: inout Findings) {
        guard let used = facts.number("used_memory"), let limit = facts.number("maxmemory") else { return }
        let whole = limit > 0 ? limit : facts.number("total_system_memory") ?? 0
        let share = whole > 0 ? Double(used) / Double(whole) : 0
        let of = limit > 0 ? "of maxmemory \(Show.bytes(UInt64(limit)))" : "of the host's \(Show.bytes(UInt64(whole)))"
        let text = "\(Show.bytes(UInt64(used))) used, \(Int(share * 100)) % \(of)"
        let advice =
            "empty dead letters and results that nobody needs (sunsetctl queue ls), or give Redis more memory"
        if share > 0.9 {
            findings.fail("redis.memory", text + ": jobs can't be enqueued soon", advice)
        } else if share > 0.75 {
            findings.warn("redis.memory", text, advice)
        } else {
            findings.ok("redis.memory", text)
        }
    }

    private func clients(_ findings: inout Findings) {
        guard let connected = facts.number("connected_clients"),
            let most = facts.number("maxclients") ?? facts.settings?["maxclients"].flatMap({ Int($0) }), most > 0
        else { return }
        if connected * 10 > most * 8 {
            findings.warn(
                "redis.clients", "\(Show.count(connected, "connection")) of at most \(most)",
                "raise maxclients, or look who connects (CLIENT LIST, which is O(connections))")
        } else {
            findings.ok("redis.clients", "\(Show.count(connected, "connection")) of at most \(most)")
        }
    }

    private func latency(_ findings: inout Findings) {
        let trip = String(format: "%.2f ms", facts.roundTrip)
        let recent = facts.latencies.filter {
            $0.milliseconds >= 250 && Date().timeIntervalSince1970 - Double($0.at) < 600
        }
        if facts.roundTrip > 20 {
            findings.warn(
                "redis.latency", "a PING takes \(trip)",
                "run Redis nearer to the programs, or find out what holds it up")
        } else if !recent.isEmpty {
            let list = recent.map { "\($0.event) \($0.milliseconds) ms" }.joined(separator: ", ")
            findings.warn(
                "redis.latency", "Redis stood still in the last ten minutes: \(list)",
                "slow disk or fork: see LATENCY DOCTOR")
        } else {
            findings.ok("redis.latency", "a PING takes \(trip)")
        }
    }

    private func clock(_ findings: inout Findings) {
        let ahead = facts.clockAhead
        let text = String(
            format: "this host's clock is %.0f ms %@ Redis's", abs(ahead), ahead < 0 ? "behind" : "ahead of")
        let advice = "let both hosts follow NTP (chrony, systemd-timesyncd)"
        if abs(ahead) > 30_000 {
            findings.fail("clock", text + ": links in mails end at wrong times", advice)
        } else if abs(ahead) > 1_000 {
            findings.warn("clock", text, advice)
        } else {
            findings.ok("clock", text)
        }
    }

    private func replication(_ findings: inout Findings) {
        guard facts.info["role"] == "master" else {
            return findings.fail(
                "redis.replication",
                "this Redis is a replica of \(facts.info["master_host"] ?? "another") and takes no writes",
                "name the primary in redis.host, or the Sentinels in redis.sentinels")
        }
        let replicas = facts.replicas
        let online = replicas.filter { $0["state"] == "online" }
        let offset = facts.number("master_repl_offset") ?? 0
        let needed = settings.redis.replicas
        let text = "\(online.count) of \(replicas.count) replicas are online"
        if online.count < needed {
            findings.fail(
                "redis.replication", "\(text), and redis.replicas asks for \(needed): nothing is acknowledged",
                "bring replicas back, or lower redis.replicas")
        } else if online.count < replicas.count {
            findings.warn("redis.replication", text, "look at the log of the one that is not")
        } else if let behind = online.compactMap({ Int($0["offset"] ?? "") }).map({ offset - $0 }).max(),
            behind > 64 << 20
        {
            findings.warn(
                "redis.replication", "a replica is \(Show.bytes(UInt64(behind))) behind",
                "a failover now would lose that; look at its network and disk")
        } else if replicas.isEmpty {
            findings.ok("redis.replication", "the primary, without replicas: what is on its disk is all there is")
        } else {
            findings.ok("redis.replication", text)
        }
        if let least = facts.settings?["min-replicas-to-write"].flatMap({ Int($0) }), least > online.count {
            findings.fail(
                "redis.replication",
                "min-replicas-to-write is \(least) and \(online.count) are online: Redis refuses writes",
                "bring replicas back, or lower it")
        }
    }
}
