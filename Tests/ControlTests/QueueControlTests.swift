import Foundation
import JobQueue
import TestSupport
import Testing

@Suite("sunsetctl: queues")
struct QueueControlTests {
    @Test("ls, inspect, history and stats say what is there, for people and for programs")
    func looking() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let table = try await harness.ctl("queue", "ls")
            #expect(table.status == 0)
            #expect(table.output.hasPrefix("QUEUE "))
            #expect(table.output.contains("chores"))
            let queue = try #require(try await harness.ctl("queue", "ls", "--json").list().first)
            #expect(queue["name"] as? String == "chores")
            #expect(queue["dead"] as? Int == 2)
            #expect(queue["scheduled"] as? Int == 1)
            #expect(queue["waiting"] as? [Int] == [0, 3, 0])
            let inspected = try await harness.ctl("queue", "inspect", "chores", "--json").object()
            #expect((inspected["queue"] as? [String: Any])?["dead"] as? Int == 2)
            let history = try await harness.ctl("queue", "history", "chores", "--by", "hour", "--count", "3", "--json")
                .object()
            #expect((history["points"] as? [Any])?.count == 3)
            let stats = try await harness.ctl("stats", "--json").object()
            #expect(stats["waiting"] as? Int == 3)
            #expect(stats["dead"] as? Int == 2)
        }
    }

    @Test("what is not there, and what is not allowed, is said with its status and changes nothing")
    func refusing() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let missing = try await harness.ctl("queue", "inspect", "chorse")
            #expect(missing.status == 1)
            #expect(missing.errors.contains("there is no queue 'chorse'; there are: charges, chores, fulfilment"))
            let unasked = try await harness.ctl("queue", "empty", "chores")
            #expect(unasked.status == 64)
            #expect(unasked.errors.contains("--yes"))
            let rate = try await harness.ctl("queue", "limit", "chores", "--rate", "fast")
            #expect(rate.status == 64)
            #expect(rate.errors.contains("'fast'"))
            let kept = try await harness.ctl("queue", "rm", "chores", "--yes")
            #expect(kept.status == 1)
            #expect(kept.errors.contains("--force"))
            #expect(try await harness.inspector.queue(named: "chores").depth == 3)
        }
    }

    @Test("a mistyped queue is refused by every verb, and not made; one of the settings is known before its first job")
    func unknownQueue() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            for words in [
                ["pause"], ["resume"], ["limit"], ["limit", "--concurrency", "2"], ["drain"], ["empty", "--yes"],
                ["rm", "--yes"], ["history"], ["inspect"],
            ] {
                let said = try await harness.ctl(["queue", words[0], "chorse"] + words.dropFirst())
                #expect(said.status == 1, "\(words)")
                #expect(said.errors.contains("there is no queue 'chorse'; there are: charges, chores, "), "\(words)")
            }
            for words in [
                ["job", "ls", "chorse"], ["job", "show", "d1", "--queue", "chorse"],
                ["job", "trace", "d1", "--queue", "chorse"], ["job", "retry", "d1", "--queue", "chorse"],
                ["job", "cancel", "--queue", "chorse", "--state", "waiting", "--yes"],
                ["job", "move", "w1", "--to", "chorse"], ["job", "move", "w1", "--to", "chorse", "--dry-run"],
                ["job", "move", "--queue", "chores", "--state", "waiting", "--to", "chorse"],
                ["dead", "ls", "--queue", "chorse"], ["dead", "retry-all", "chorse"],
                ["dead", "purge", "chorse", "--yes"],
            ] {
                let said = try await harness.ctl(words)
                #expect(said.status == 1, "\(words)")
                #expect(said.errors.contains("there is no queue 'chorse'; there are: charges, chores, "), "\(words)")
                #expect(said.errors.contains("--new-queue makes it") == words.contains("--to"), "\(words)")
            }
            #expect(try await harness.ctl("dead", "ls", "--limit", "0").status == 64)
            #expect(try await harness.inspector.queues().map(\.name) == ["chores"])
            #expect(try await harness.ctl("queue", "pause", "mail").status == 0)
            #expect(try await harness.inspector.queue(named: "mail").isPaused)
        }
    }

    @Test("pause, resume, limit, empty, drain and rm do what they say")
    func steering() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            #expect(try await harness.ctl("queue", "pause", "chores").status == 0)
            #expect(try await harness.inspector.queue(named: "chores").isPaused)
            #expect(try await harness.ctl("queue", "pause", "chores").output.contains("already"))
            #expect(try await harness.ctl("queue", "resume", "chores").status == 0)
            #expect(try await !harness.inspector.queue(named: "chores").isPaused)
            let limited = try await harness.ctl("queue", "limit", "chores", "--concurrency", "3", "--rate", "5/m")
            #expect(limited.output == "queue chores: at most 3 at once; 5 starts per 60.0 s, 5 at once after a pause\n")
            #expect(try await harness.inspector.queue(named: "chores").limits.concurrency == 3)
            #expect(try await harness.ctl("queue", "limit", "chores", "--clear").output == "queue chores: no bounds\n")
            let late = try await harness.ctl("queue", "drain", "chores", "--timeout", "0")
            #expect(late.status == 1)
            #expect(late.errors.contains("still has 3 jobs"))
            let emptied = try await harness.ctl("queue", "empty", "chores", "--state", "dead", "--yes", "--json")
            #expect(try emptied.object()["deleted"] as? Int == 2)
            #expect(try await harness.ctl("queue", "empty", "chores", "--yes").output == "4 jobs are gone\n")
            #expect(try await harness.ctl("queue", "drain", "chores", "--json").object()["left"] as? Int == 0)
            #expect(try await harness.ctl("queue", "rm", "chores", "--yes").status == 0)
            #expect(try await harness.ctl("queue", "ls", "--json").list().isEmpty)
        }
    }
}

@Suite("sunsetctl: jobs, workers, pools, periodic jobs")
struct JobControlTests {
    @Test("ls and show tell of jobs in every state; a page goes on at its cursor")
    func looking() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let counts = ["waiting": 3, "scheduled": 1, "dead": 2, "completed": 1, "running": 0, "parked": 0]
            for (state, count) in counts {
                let page = try await harness.ctl("job", "ls", "chores", "--state", state, "--json").object()
                #expect((page["jobs"] as? [Any])?.count == count, "\(state)")
            }
            let first = try await harness.ctl("job", "ls", "chores", "--limit", "2")
            let cursor = try #require(first.output.split(separator: "\n").last?.split(separator: " ").last)
            let second = try await harness.ctl(
                "job", "ls", "chores", "--limit", "2", "--cursor", String(cursor), "--json")
            #expect((try second.object()["jobs"] as? [[String: Any]])?.first?["id"] as? String == "w3")
            let job = try await harness.ctl("job", "show", "d1", "--json").object()
            #expect(job["state"] as? String == "dead")
            #expect((job["troubles"] as? [[String: Any]])?.first?["message"] as? String == "no luck with d1")
            let none = try await harness.ctl("job", "show", "nobody")
            #expect(none.status == 1)
            #expect(none.errors == "sunsetctl: there is no job 'nobody'\n")
        }
    }

    @Test("an error with control characters and line breaks reaches the terminal as one plain line")
    func hostile() async throws {
        try await ControlHarness.run { harness in
            try await harness.queue.enqueue(Chore(text: "x"), id: JobID("x1"))
            var handlers = JobHandlers()
            handlers.register(Chore.self) { _, _ in
                throw JobFailure.permanent("one\u{1B}[2J\u{1B}]0;title\u{7}two\nthree\u{9B}31m")
            }
            try await harness.withWorker(handlers) {
                try await eventually { try await harness.state("x1") == .dead }
            }
            for words in [
                ["job", "ls", "chores", "--state", "dead"], ["dead", "ls"], ["job", "show", "x1"],
                ["job", "trace", "x1"],
            ] {
                let said = try await harness.ctl(words)
                let controls = said.output.unicodeScalars.filter {
                    $0.properties.generalCategory == .control && $0 != "\n"
                }
                #expect(controls.isEmpty, "\(words)")
                #expect(said.output.contains("one[2J]0;titletwo three31m\n"), "\(words): \(said.output)")
            }
        }
    }

    @Test("retry, run, cancel, kill, delete, move and edit change one job, or say why not")
    func one() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            #expect(try await harness.ctl("job", "retry", "d1").output == "d1  retried\n")
            #expect(try await harness.state("d1") == .waiting)
            let wrong = try await harness.ctl("job", "retry", "w1")
            #expect(wrong.status == 1)
            #expect(wrong.output == "w1  left alone: is waiting\n")
            #expect(try await harness.ctl("job", "run", "s1").status == 0)
            #expect(try await harness.state("s1") == .waiting)
            #expect(try await harness.ctl("job", "cancel", "w1").status == 64)
            #expect(try await harness.ctl("job", "cancel", "w1", "--yes", "--reason", "why not").status == 0)
            let cancelled = try await harness.ctl("job", "show", "w1", "--json")
            #expect(cancelled.output.contains("why not"))
            #expect(try await harness.ctl("job", "kill", "w2", "--yes").status == 0)
            #expect(try await harness.state("w2") == .dead)
            #expect(try await harness.ctl("job", "delete", "--id", "w2,d2", "--yes").status == 0)
            #expect(try await harness.state("d2") == nil)
            #expect(try await harness.ctl("job", "move", "w3", "--to", "others", "--new-queue").status == 0)
            #expect(try await harness.inspector.job(id: JobID("w3"))?.queue == "others")
            #expect(try await harness.ctl("job", "edit", "w3", "--payload", "{\"text\":\"new\"}").status == 0)
            #expect(try await harness.inspector.job(id: JobID("w3"))?.payload == "{\"text\":\"new\"}")
            let vague = try await harness.ctl(["job", "edit", "--state", "waiting"], input: "{}")
            #expect(vague.status == 64)
            #expect(vague.errors.contains("--queue QUEUE --state STATE"))
            let bulk = ["job", "edit", "--queue", "others", "--state", "waiting"]
            #expect(try await harness.ctl(bulk, input: "{}").errors.contains("--yes"))
            #expect(try await harness.inspector.job(id: JobID("w3"))?.payload == "{\"text\":\"new\"}")
            #expect(try await harness.ctl(bulk + ["--yes"], input: "{}").output == "1 of 1 jobs edited\n")
            let bad = try await harness.ctl("job", "edit", "w3", "--payload", "{")
            #expect(bad.status == 64)
            #expect(bad.errors.contains("no JSON"))
        }
    }

    @Test("in bulk a filter decides, and a dry run changes nothing")
    func bulk() async throws {
        try await ControlHarness.run { harness in
            try await harness.seed()
            let dry = try await harness.ctl("dead", "retry-all", "chores", "--error", "luck with d2", "--dry-run")
            #expect(dry.output == "1 of 2 jobs would be retried; nothing was changed\n")
            #expect(try await harness.state("d2") == .dead)
            let done = try await harness.ctl("dead", "retry-all", "chores", "--error", "luck with d2", "--json")
                .object()
            #expect(done["changed"] as? Int == 1)
            #expect(try await harness.state("d2") == .waiting)
            #expect(try await harness.state("d1") == .dead)
            let cancel = try await harness.ctl(
                "job", "cancel", "--queue", "chores", "--state", "waiting", "--tag", "tag-w2", "--yes")
            #expect(cancel.output == "1 of 1 jobs cancelled\n")
            #expect(try await harness.ctl("dead", "purge", "chores", "--yes").output == "2 of 2 jobs deleted\n")
            #expect(try await harness.ctl("dead", "ls", "--json").list().isEmpty)
            let vague = try await harness.ctl("job", "delete", "--state", "dead", "--yes")
            #expect(vague.status == 64)
        }
    }

    @Test("a worker is listed and shown, and told to be quiet, to go on and to stop")
    func workers() async throws {
        try await ControlHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Chore.self) { _, _ in }
            try await harness.withWorker(handlers) {
                try await eventually { try await !harness.inspector.workers().isEmpty }
                let worker = try #require(try await harness.ctl("worker", "ls", "--json").list().first)
                #expect(worker["name"] as? String == "test")
                #expect(try await harness.ctl("worker", "show", "test").output.contains("queues   chores"))
                #expect(try await harness.ctl("worker", "quiet", "test").status == 0)
                try await eventually { try await harness.inspector.workers().first?.state == "quiet" }
                #expect(try await harness.ctl("worker", "resume", "test").status == 0)
                try await eventually { try await harness.inspector.workers().first?.state == "running" }
                #expect(try await harness.ctl("worker", "stop", "test", "--yes").status == 0)
                try await eventually { try await harness.inspector.workers().isEmpty }
            }
            #expect(try await harness.ctl("worker", "quiet", "test").status == 1)
        }
    }

    @Test("every verb in bulk says in its help that it reads a whole state")
    func bulkHelp() async throws {
        try await ControlHarness.run { harness in
            for words in [
                ["job", "retry"], ["job", "run"], ["job", "cancel"], ["job", "kill"], ["job", "delete"],
                ["job", "move"], ["job", "edit"], ["dead", "retry-all"], ["dead", "purge"], ["queue", "empty"],
                ["queue", "rm"], ["batch", "show"],
            ] {
                let said = try await harness.ctl(["help"] + words)
                #expect(said.status == 0 && said.output.contains("(O(n))"), "\(words): \(said.output)")
            }
        }
    }

    @Test("a queue is scaled by number, by bounds and back to its latency")
    func pools() async throws {
        try await ControlHarness.run { harness in
            let registry = PoolRegistry(queue: harness.queue)
            let share = PoolRecord.Share(
                queue: "chores", minimum: 1, maximum: 4, concurrency: 2, latencyGoalMilliseconds: 1000, ready: 1)
            _ = try await registry.beat(PoolRecord(id: "pool_1", host: "here", pid: 1, shares: [share]))
            #expect(try await harness.ctl("pool", "scale", "chores", "1..3").status == 0)
            #expect(try await harness.ctl("pool", "ls").output.contains("operator: 1..3"))
            #expect(try await harness.ctl("pool", "scale", "chores", "auto").status == 0)
            #expect(try await registry.view().overrides.isEmpty)
            #expect(try await harness.ctl("pool", "scale", "chores", "many").status == 64)
            let unknown = try await harness.ctl("pool", "scale", "others", "2")
            #expect(unknown.status == 1)
            #expect(unknown.errors.contains("they serve: chores"))
        }
    }

    @Test("periodic jobs are listed, paused, resumed, run and forgotten")
    func schedules() async throws {
        try await ControlHarness.run { harness in
            let unknown = try await harness.ctl("cron", "run", "nightly")
            #expect(unknown.status == 1)
            #expect(unknown.errors.contains("there is no periodic job 'nightly'"))
            #expect(try await harness.ctl("cron", "ls", "--json").list().isEmpty)
            let inspector = harness.inspector
            func entry() async throws -> ScheduleRecord? { try await inspector.schedules().first }
            try await harness.withSchedule("nightly") {
                try await eventually("declared") { try await entry() != nil }
                let listed = try #require(try await harness.ctl("cron", "ls", "--json").list().first)
                #expect(listed["name"] as? String == "nightly")
                #expect(listed["next_tick"] as? Int64 == (try await entry())?.nextTick)
                #expect(try await harness.ctl("cron", "ls").output.contains(/nightly +1  active  0 0 29 2 \*/))
                #expect(try await harness.ctl("cron", "pause", "nightly").output == "paused\n")
                #expect(try await entry()?.pausedAt != nil)
                #expect(try await harness.ctl("cron", "pause", "nightly").output == "was paused already\n")
                #expect(try await harness.ctl("cron", "ls").output.contains("  paused  "))
                #expect(try await harness.ctl("cron", "resume", "nightly").output == "resumed\n")
                #expect(try await entry()?.pausedAt == nil)
                let wanted = try await harness.ctl("cron", "run", "nightly", "--json").object()
                let job = JobID(try #require(wanted["job"] as? String))
                try await eventually("enqueued") { try await inspector.job(id: job)?.queue == "chores" }
                let ticks = try await harness.ctl("cron", "history", "nightly", "--json").list()
                #expect(ticks.map { $0["outcome"] as? String } == ["manual"])
                #expect(ticks.first?["job"] as? String == job.rawValue)
            }
            let unasked = try await harness.ctl("cron", "forget", "nightly")
            #expect(unasked.status == 64)
            #expect(unasked.errors.contains("--yes"))
            #expect(try await entry() != nil)
            try await harness.age(schedule: "nightly")
            #expect(try await harness.ctl("cron", "ls").output.contains("  forgotten  "))
            #expect(try await harness.ctl("cron", "forget", "nightly", "--yes").output == "forgotten\n")
            #expect(try await entry() == nil)
        }
    }
}
