import Foundation
import JobQueue
import RedisClient
import TestSupport
import Testing

@Suite("Periodic jobs")
struct CronSchedulerTests {
    private func minutely(
        _ name: String = "m", _ text: String = "* * * * *", version: Int = 1, catchUp: JobSchedule.CatchUp = .latest
    ) throws -> JobSchedule {
        try JobSchedule(name, CronExpression(text), version: version, catchUp: catchUp, job: Work(text: name))
    }

    private func names(_ minutes: ClosedRange<Int>, _ entry: String = "m", hour: Int = 10) -> [String] {
        minutes.map { minute in
            let (hour, minute) = (hour + minute / 60, minute % 60)
            return "\(entry).20260310T\(hour < 10 ? "0" : "")\(hour)\(minute < 10 ? "0" : "")\(minute)00Z"
        }
    }

    @Test("each tick is enqueued once, however many schedulers run, and carries its instant")
    func once() async throws {
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            let schedule = try JobSchedule("m", CronExpression("* * * * *")) { tick in
                Work(text: tick.formatted(.iso8601))
            }
            try await harness.withSchedulers([schedule], clocks: (0..<4).map { _ in time.clock() }, over: time) {
                try await time.move(by: 20 * 60_000, step: 15_000)
            }
            #expect(try await harness.ticks() == names(1...20))
            let job = try await harness.inspector.job(id: JobID("cron.m.20260310T100700Z"), queue: "work")
            #expect(job?.payload == #"{"text":"2026-03-10T10:07:00Z"}"#)
        }
    }

    @Test("clocks that are five minutes off, or leap, make no tick early, late or double")
    func wrongClocks() async throws {
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:00Z", client: harness.client)
            let clocks = [time.clock(skew: 300_000), time.clock(skew: -300_000), time.clock()]
            try await harness.withSchedulers([try minutely()], clocks: clocks, over: time) {
                for minute in 1...8 {
                    // One believes that five minutes went by: it asks, and Redis says that it is early.
                    clocks[minute % 3].leap(by: 300_000)
                    try await time.move(to: time.now + 59_999)
                    // And one that just looked believes that it is time.
                    clocks[(minute + 1) % 3].leap(by: 20_000)
                    try await time.settle()
                    #expect(try await harness.ticks() == names(1...8).dropLast(9 - minute))
                    try await time.move(to: time.now + 1)
                    #expect(try await harness.ticks() == names(1...8).dropLast(8 - minute))
                }
            }
        }
    }

    @Test("by real clocks: three schedulers, a tick a second, each once and never before its time")
    func realTime() async throws {
        try await QueueHarness.run { harness in
            let schedules = [
                try JobSchedule("s", CronExpression("* * * * * *"), catchUp: .all(limit: 100), job: Work())
            ]
            let queue = harness.queue
            let schedulers = try (0..<3).map { _ in
                try JobScheduler(queue: queue, schedules: schedules, logger: .quiet)
            }
            try await harness.run(schedulers) {
                try await eventually("three ticks") { try await harness.ticks().count >= 3 }
            }
            let history = try await harness.inspector.scheduleHistory("s")
            #expect(history.count == (try await harness.ticks().count))
            for (later, earlier) in zip(history, history.dropFirst()) {
                #expect(later.tick == earlier.tick + 1000 && later.at >= later.tick && later.outcome == .enqueued)
            }
        }
    }

    @Test(
        "ticks that were missed while no scheduler ran are caught up with as the entry says",
        arguments: [
            (JobSchedule.CatchUp.none, nil, []), (.none, 600, [10]), (.latest, nil, [10]), (.latest, 20, []),
            (.all(limit: 3), nil, [6, 8, 10]), (.all(limit: 100), nil, [2, 4, 6, 8, 10]),
            (.all(limit: 100), 300, [8, 10]),
        ] as [(JobSchedule.CatchUp, Int64?, [Int])])
    func catchUp(policy: JobSchedule.CatchUp, lateness: Int64?, expected: [Int]) async throws {
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            var schedule = try minutely("m", "*/2 * * * *", catchUp: policy)
            schedule.maximumLateness = lateness.map { .seconds($0) }
            // What was before the entry was first declared is nobody's.
            try await harness.withScheduler(schedule, over: time) {}
            try await time.move(to: "2026-03-10T10:11:45Z")
            try await harness.withScheduler(schedule, over: time) {
                #expect(try await harness.ticks() == expected.flatMap { names($0...$0) })
                try await time.move(to: "2026-03-10T10:12:00Z")
            }
            #expect(try await harness.ticks().last == names(12...12)[0])
            let dropped = try await harness.inspector.scheduleHistory("m").filter { $0.outcome == .dropped }
            #expect(dropped.map(\.count) == (expected.count == 5 ? [] : [5 - expected.count]))
        }
    }

    @Test("a list of more missed ticks than one script takes comes whole and in order")
    func manyMissed() async throws {
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            let schedule = try minutely(catchUp: .all(limit: 250))
            try await harness.withScheduler(schedule, over: time) {}
            try await time.move(to: time.now + 300 * 60_000)
            try await harness.withScheduler(schedule, over: time) {}
            #expect(try await harness.ticks() == names(51...300))
        }
    }

    @Test("over the changes of the clocks, end to end")
    func clockChanges() async throws {
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-28T12:00:00Z", client: harness.client)
            let schedules = [
                try JobSchedule("fix", CronExpression("30 2 * * *", timeZone: "Europe/Berlin"), job: Work()),
                try JobSchedule("int", CronExpression("30 * * * *", timeZone: "Europe/Berlin"), job: Work()),
            ]
            try await harness.withSchedulers(schedules, clocks: [time.clock(), time.clock()], over: time) {
                try await time.move(by: 30 * 3_600_000, step: 1_800_000)
            }
            let spring = try await harness.ticks()
            #expect(spring.filter { $0.hasPrefix("fix") } == ["fix.20260329T010000Z"])
            #expect(spring.filter { $0.hasPrefix("int") }.count == 30)
            try await time.move(to: "2026-10-24T12:00:00Z")
            for schedule in schedules { try await harness.inspector.forgetSchedule(schedule.name) }
            try await harness.withSchedulers(schedules, clocks: [time.clock(), time.clock()], over: time) {
                try await time.move(by: 30 * 3_600_000, step: 1_800_000)
            }
            let autumn = try await harness.ticks().dropFirst(spring.count)
            #expect(autumn.filter { $0.hasPrefix("fix") } == ["fix.20261025T003000Z"])
            #expect(autumn.filter { $0.hasPrefix("int") }.count == 30)
        }
    }

    @Test("an older version never advances a newer one, and comes back when the entry is forgotten")
    func versions() async throws {
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            let (old, new) = (try minutely(), try minutely("m", "*/5 * * * *", version: 2))
            try await harness.withScheduler(old, over: time) {
                try await time.move(to: "2026-03-10T10:02:00Z")
                try await harness.withScheduler(new, over: time) {
                    try await time.move(by: 4 * 60_000, step: 10_000)
                }
                // The new one is gone, and the old one started again: it stands by all the same.
                try await time.move(by: 5 * 60_000, step: 10_000)
                try await harness.withScheduler(old, over: time) {
                    try await time.move(by: 5 * 60_000, step: 10_000)
                }
                #expect(try await harness.ticks() == names(2...2) + names(5...5))
                #expect(try await harness.inspector.schedules().map(\.version) == [2])
                try await harness.inspector.forgetSchedule("m")
                try await eventually("declared anew") {
                    try await harness.inspector.schedules().map(\.version) == [1]
                }
                try await time.move(to: "2026-03-10T10:17:00Z")
            }
            #expect(try await harness.ticks() == names(2...2) + names(5...5) + names(17...17))
        }
    }

    @Test("of two definitions under one version the one that started last is in force, until it is gone")
    func definitions() async throws {
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            try await harness.withScheduler(minutely(), over: time) {
                try await harness.withScheduler(minutely("m", "*/3 * * * *"), over: time) {
                    try await time.move(by: 6 * 60_000, step: 10_000)
                    #expect(try await harness.ticks() == names(3...3) + names(6...6))
                }
                // Not seen for two minutes: the other one takes over, and what was before is nobody's.
                try await time.move(by: 5 * 60_000, step: 10_000)
            }
            let ticks = try await harness.ticks()
            #expect(ticks.count > 3 && ticks.last == names(11...11)[0])
        }
    }

    @Test("paused: no ticks, and those of the pause are dropped; a run by hand happens once, paused or not")
    func pauseAndRun() async throws {
        try await QueueHarness.run { harness in
            // The operators' script goes by the real time: this one's hour ago ends with it.
            let start = Date(timeIntervalSinceNow: -3600).formatted(.iso8601)
            let time = try await VirtualTime(start, client: harness.client)
            let clocks = [time.clock(), time.clock(), time.clock()]
            let inspector = harness.inspector
            try await harness.withSchedulers([try minutely(catchUp: .all(limit: 9))], clocks: clocks, over: time) {
                #expect(try await inspector.pauseSchedule("m"))
                #expect(try await !inspector.pauseSchedule("m"))
                try await time.move(to: time.now + 180_000)
                #expect(try await harness.ticks() == [])
                #expect(try await inspector.schedules()[0].nextTick == nil)
                let wanted = try #require(try await inspector.runScheduleNow("m"))
                try await eventually("run by hand") { try await harness.list("q:work:p1") == [wanted.rawValue] }
                #expect(try await inspector.scheduleHistory("m").map(\.outcome) == [.manual])
                #expect(try await inspector.resumeSchedule("m"))
                #expect(try await !inspector.resumeSchedule("m"))
                try await time.move(to: time.now + 120_000)
                #expect(try await harness.ticks().count == 1)
                let another = try #require(try await inspector.runScheduleNow("m"))
                try await eventually("run by hand") { try await harness.list("q:work:p1").first == another.rawValue }
                try await time.move(to: Int64(Date.now.timeIntervalSince1970 * 1000) + 60_000)
                #expect(try await harness.ticks().count > 2)
            }
            #expect(try await inspector.pauseSchedule("none") == false)
            #expect(try await inspector.runScheduleNow("none") == nil)
        }
    }

    @Test("Redis killed with SIGKILL and started again: schedulers go on, no tick is lost or doubled")
    func redisKilled() async throws {
        try await QueueHarness.run(configuration: ["appendonly yes", "appendfsync always"]) { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            let schedules = [try minutely(catchUp: .all(limit: 100))]
            try await harness.withSchedulers(schedules, clocks: [time.clock(), time.clock()], over: time) {
                for _ in 0..<3 {
                    try await time.move(by: 3 * 60_000, step: 30_000)
                    try await harness.server.restart()
                    try await time.move(by: 2 * 60_000, step: 30_000)
                }
            }
            #expect(try await harness.ticks() == names(1...15))
        }
    }

    @Test(
        "a script's call that is cut is repeated, and enqueues its tick once",
        arguments: [FaultProxy.Mode.cutBeforeSend, .cutAfterSend, .cutBeforeReply])
    func cut(mode: FaultProxy.Mode) async throws {
        try await QueueHarness.run { harness in
            let proxy = try FaultProxy(to: harness.server)
            let client = harness.server.makeClient(socketPath: proxy.socketPath)
            let queue = try harness.queue(over: client)
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            try await harness.withSchedulers([try minutely()], clocks: [time.clock()], over: time, queue: queue) {
                proxy.set(mode, on: "advance", times: 3)
                try await time.move(by: 5 * 60_000, step: 60_000)
            }
            #expect(proxy.faults == 3)
            #expect(try await harness.ticks() == names(1...5))
            await client.close()
            proxy.stop()
        }
    }

    @Test("a full Redis refuses ticks; they are caught up with when it has room")
    func fullRedis() async throws {
        try await QueueHarness.run { harness in
            let everySecond = try CronExpression.every(.seconds(1))
            let schedule = JobSchedule("s", everySecond, catchUp: .all(limit: 100), job: Work())
            let scheduler = try JobScheduler(queue: harness.queue, schedules: [schedule], logger: .quiet)
            try await harness.run([scheduler]) {
                try await eventually("a tick") { try await harness.ticks().count > 0 }
                _ = try await harness.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
                try await eventually("refused") {
                    let errors = try await harness.client.send(RedisCommand("INFO", "errorstats")).string
                    return errors?.contains("errorstat_OOM") == true
                }
                let before = try await harness.ticks().count
                _ = try await harness.client.send(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
                try await eventually("caught up") { try await harness.ticks().count > before }
            }
            let history = try await harness.inspector.scheduleHistory("s")
            for (later, earlier) in zip(history, history.dropFirst()) { #expect(later.tick == earlier.tick + 1000) }
        }
    }

    @Test("runs of a unique job don't overlap: a tick that finds one is a duplicate, and the next ones come")
    func noOverlap() async throws {
        struct Alone: Job {
            static let name = "alone"
            static let queue = "work"
            static let options = JobOptions(uniqueness: .untilDone)
        }
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            let schedule = try JobSchedule("m", CronExpression("* * * * *"), job: Alone())
            let barrier = Barrier()
            var handlers = JobHandlers()
            handlers.register(Alone.self) { _, _ in
                try await barrier.wait()
                return .done
            }
            try await harness.withScheduler(schedule, over: time) {
                try await harness.withWorker(handlers) { _ in
                    try await time.move(by: 180_000, step: 60_000)
                    barrier.open()
                    try await eventually("completed") {
                        try await harness.inspector.queue(named: "work").completed == 1
                    }
                    try await time.move(to: time.now + 60_000)
                    let outcomes = try await harness.inspector.scheduleHistory("m").map(\.outcome)
                    #expect(outcomes == [.enqueued, .duplicate, .duplicate, .enqueued])
                }
            }
        }
    }

    @Test("an idle scheduler sends one command every half minute")
    func idle() async throws {
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            try await harness.withScheduler(minutely("m", "0 0 1 1 *"), over: time) {
                _ = try await harness.client.send(RedisCommand("CONFIG", "RESETSTAT"))
                try await time.move(by: 10 * 60_000, step: 1_000)
                let statistics = try await harness.client.send(RedisCommand("INFO", "commandstats")).string ?? ""
                let calls = statistics.split(separator: "\r\n").filter { $0.contains("cmdstat_eval") }
                    .compactMap { $0.split(separator: "=").dropFirst().first?.split(separator: ",").first }
                    .compactMap { Int($0) }
                #expect(calls.reduce(0, +) == 20)
            }
        }
    }

    @Test("a job that can't be prepared stops no other entry, and is tried again")
    func unprepared() async throws {
        struct Broken: Error {}
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            let attempts = Notes()
            let broken = try JobSchedule("b", CronExpression("1 10 * * *")) { (_: Date) throws -> Work in
                attempts.note("")
                if attempts.all.count < 3 { throw Broken() }
                return Work()
            }
            try await harness.withScheduler(broken, try minutely(), over: time) {
                try await time.move(by: 180_000, step: 10_000)
            }
            #expect(try await harness.ticks().filter { $0.hasPrefix("m") } == names(1...3))
            #expect(try await harness.ticks().filter { $0.hasPrefix("b") } == names(1...1, "b"))
        }
    }
}
