import Foundation
import JobQueue
import RedisClient
import ServiceLifecycle
import Synchronization
import TestSupport

/// A time that stands still until a test moves it: Redis's, in a key that the script reads instead of `TIME`, and the
/// schedulers' clocks, which may be wrong.
final class VirtualTime: Sendable {
    private let state: Mutex<(now: Int64, clocks: [VirtualClock])>
    private let client: RedisClient

    init(_ start: String, client: RedisClient) async throws {
        state = Mutex((Int64(try instant(start).timeIntervalSince1970 * 1000), []))
        self.client = client
        try await move(to: now)
    }

    var now: Int64 { state.withLock { $0.now } }

    /// `Lua/cron.lua` with its time from the key.
    static let script = RedisScript(
        name: "cron",
        source: JobScheduler.script.source.replacingOccurrences(
            of: "redis.call('TIME')",
            with: """
                (function()
                  local ms = redis.call('GET', NS .. 'time')
                  return { math.floor(ms / 1000), ms % 1000 * 1000 }
                end)()
                """))

    func clock(skew: Int64 = 0) -> VirtualClock {
        let clock = VirtualClock(time: self, skew: skew)
        state.withLock { $0.clocks.append(clock) }
        return clock
    }

    func remove(_ clock: VirtualClock) {
        state.withLock { $0.clocks.removeAll { $0 === clock } }
    }

    /// Moves on, and waits until every scheduler sleeps past the new time.
    func move(to milliseconds: Int64) async throws {
        _ = try await client.send(RedisCommand("SET", "{t}:time", RedisArgument(milliseconds)))
        state.withLock { $0.now = milliseconds }
        try await settle()
    }

    func move(to text: String) async throws {
        try await move(to: Int64(try instant(text).timeIntervalSince1970 * 1000))
    }

    /// In steps, so that each scheduler sees every one of them.
    func move(by duration: Int64, step: Int64) async throws {
        let end = now + duration
        while now < end { try await move(to: min(end, now + step)) }
    }

    func settle() async throws {
        try await eventually("every scheduler sleeps") {
            self.state.withLock { $0.clocks }.allSatisfy { $0.isAsleep }
        }
    }
}

/// The clock of one scheduler.
final class VirtualClock: SchedulerClock {
    private let time: VirtualTime
    private let state: Mutex<(skew: Int64, deadline: Int64?)>

    init(time: VirtualTime, skew: Int64) {
        self.time = time
        state = Mutex((skew, nil))
    }

    var isAsleep: Bool { state.withLock { state in state.deadline.map { $0 > time.now + state.skew } ?? false } }

    func leap(by milliseconds: Int64) {
        state.withLock { $0.skew += milliseconds }
    }

    func milliseconds() -> Int64 { state.withLock { time.now + $0.skew } }

    func sleep(milliseconds: Int64) async throws {
        let deadline = self.milliseconds() + milliseconds
        state.withLock { $0.deadline = deadline }
        defer { state.withLock { $0.deadline = nil } }
        // Nothing else moves this time: a look every millisecond costs a test nothing.
        while self.milliseconds() < deadline { try await Task.sleep(for: .milliseconds(1)) }
    }
}

extension QueueHarness {
    /// Runs schedulers, one for each clock, until the body ended.
    func withSchedulers(
        _ schedules: [JobSchedule], clocks: [VirtualClock], over time: VirtualTime, queue: JobQueue? = nil,
        _ body: () async throws -> Void
    ) async throws {
        let schedulers = try clocks.map {
            try JobScheduler(
                queue: queue ?? self.queue, schedules: schedules, logger: .quiet, clock: $0, script: VirtualTime.script)
        }
        defer { clocks.forEach { time.remove($0) } }
        try await run(schedulers) {
            try await time.settle()
            try await body()
        }
    }

    /// One scheduler whose clock is right.
    func withScheduler(
        _ schedules: JobSchedule..., over time: VirtualTime, _ body: () async throws -> Void
    ) async throws {
        try await withSchedulers(schedules, clocks: [time.clock()], over: time, body)
    }

    func run(_ services: [any Service], _ body: () async throws -> Void) async throws {
        let group = ServiceGroup(configuration: .init(services: services, logger: .quiet))
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

    /// The waiting jobs, in the order of their enqueue, without what all ids begin with.
    func ticks(queue: String = "work") async throws -> [String] {
        try await list("q:\(queue):p1").reversed().map { String($0.dropFirst("cron.".count)) }
    }
}
