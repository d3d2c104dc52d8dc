import Foundation
import JobQueue
import RedisClient
import TestSupport
import Testing

@Suite("The registry of periodic jobs")
struct CronRegistryTests {
    @Test("shows each entry with its next and last tick, its last job and where it goes")
    func records() async throws {
        try await QueueHarness.run { harness in
            let queue = harness.queue
            let schedules = [
                try JobSchedule("often", CronExpression("* * * * * *", timeZone: "Asia/Kathmandu"), job: Work()),
                try JobSchedule("rare", CronExpression("0 0 29 2 *"), version: 3, catchUp: .none, job: Work()),
                try JobSchedule("off", CronExpression.every(.seconds(1)), isEnabled: false, job: Work()),
            ]
            let scheduler = try JobScheduler(queue: queue, schedules: schedules, logger: .quiet)
            try await harness.run([scheduler]) {
                try await eventually("a tick") { try await harness.ticks().count > 0 }
            }
            let records = try await harness.inspector.schedules()
            try #require(records.map(\.name) == ["off", "often", "rare"])
            let (off, often, rare) = (records[0], records[1], records[2])
            #expect(off.isEnabled == false && off.nextTick == nil && off.expression == "@every 1s")
            #expect(often.lastJob == (try await harness.inspector.scheduleHistory("often").first?.job))
            #expect(often.lastTick.map { $0 % 1000 } == 0 && often.lastRunAt ?? 0 >= often.lastTick ?? .max)
            #expect(often.timeZone == "Asia/Kathmandu" && often.type == "work" && often.queue == "work")
            #expect(rare.version == 3 && rare.catchUp == "none" && rare.lastTick == nil && rare.lastJob == nil)
            #expect(rare.nextTick == Int64(try instant("2028-02-29T00:00:00Z").timeIntervalSince1970 * 1000))
        }
    }

    @Test("keeps the last fifty ticks")
    func bounded() async throws {
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            let schedule = try JobSchedule("m", CronExpression("* * * * *"), job: Work())
            try await harness.withScheduler(schedule, over: time) {
                try await time.move(by: 60 * 60_000, step: 60_000)
            }
            let history = try await harness.inspector.scheduleHistory("m", limit: 1000)
            #expect(history.count == 50 && history[0].job == JobID("cron.m.20260310T110000Z"))
            #expect(try await harness.inspector.scheduleHistory("m", limit: 2).count == 2)
        }
    }

    @Test("forgets an entry that no process has declared for a week, with all its keys")
    func forgotten() async throws {
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            let (old, stays) = (
                try JobSchedule("old", CronExpression("@hourly"), job: Work()),
                try JobSchedule("stays", CronExpression("@daily"), job: Work())
            )
            try await harness.withScheduler(old, stays, over: time) {
                try await time.move(by: 3_600_000, step: 60_000)
            }
            try await harness.withScheduler(stays, over: time) {
                try await time.move(by: 6 * 86_400_000, step: 7_200_000)
                #expect(try await harness.inspector.schedules().map(\.name) == ["old", "stays"])
                try await time.move(by: 86_400_000, step: 7_200_000)
            }
            #expect(try await harness.inspector.schedules().map(\.name) == ["stays"])
            let keys = try await harness.client.send(RedisCommand("KEYS", "*cron:old*"))
            #expect(keys.array?.isEmpty == true)
        }
    }

    @Test("a wish for a run that no scheduler hears lapses, and one that waits is not doubled")
    func unheard() async throws {
        try await QueueHarness.run { harness in
            let now = Date.now.formatted(.iso8601)
            let time = try await VirtualTime(now, client: harness.client)
            let schedule = try JobSchedule("m", CronExpression("0 0 1 1 *"), job: Work())
            try await harness.withScheduler(schedule, over: time) {}
            let first = try await harness.inspector.runScheduleNow("m")
            let again = try await harness.inspector.runScheduleNow("m")
            #expect(first != nil && again == first)
            try await time.move(to: time.now + 660_000)
            try await harness.withScheduler(schedule, over: time) {}
            #expect(try await harness.ticks() == [])
            let second = try await harness.inspector.runScheduleNow("m")
            #expect(second != nil && second != first)
        }
    }

    @Test("a spread gives each tick's job a wait of its own, the same everywhere")
    func spread() async throws {
        try await QueueHarness.run { harness in
            let time = try await VirtualTime("2026-03-10T10:00:30Z", client: harness.client)
            let schedule = try JobSchedule("m", CronExpression("* * * * *"), spread: .seconds(60), job: Work())
            try await harness.withScheduler(schedule, over: time) {
                try await time.move(by: 20 * 60_000, step: 60_000)
            }
            let due = try await harness.client.send(
                RedisCommand("ZRANGE", harness.key("q:work:due"), 0, -1, "WITHSCORES"))
            let scores = stride(from: 1, to: 40, by: 2).compactMap { due[$0].int }
            #expect(scores.count + (try await harness.ticks().count) == 20)
            #expect(Set(scores.map { $0 / 60_000 }).count > 5 || Set(scores.map { $0 % 60_000 }).count > 5)
        }
    }

    @Test("a schedule that makes no sense is refused")
    func refused() async throws {
        try await QueueHarness.run { harness in
            let every = try CronExpression("@daily")
            let bad = [
                [JobSchedule("a b", every, job: Work())], [JobSchedule("a", every, version: 0, job: Work())],
                [JobSchedule("a", every, catchUp: .all(limit: 0), job: Work())],
                [JobSchedule("a", every, spread: .seconds(-1), job: Work())],
                [JobSchedule("a", every, job: Work()), JobSchedule("a", every, job: Work())],
            ]
            for schedules in bad {
                let error = #expect(throws: JobQueueError.self) {
                    try JobScheduler(queue: harness.queue, schedules: schedules, logger: .quiet)
                }
                #expect(error?.code == .invalidSchedule && error?.message.contains("schedule 'a") == true)
            }
            #expect(throws: JobQueueError.self) { try CronExpression.every(.milliseconds(1500)) }
        }
    }
}
