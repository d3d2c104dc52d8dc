import Foundation
import RedisClient
import TestSupport

@testable import JobQueue

/// Two schedulers of one periodic entry, on hosts whose clocks are wrong and on ways to Redis that fail.
final class SimulationSchedulers: Sendable {
    static let entry = "sim"

    /// Five minutes off, and too fast or too slow.
    private struct Clock: SchedulerClock {
        let offset: Int64
        let speed: Double
        private let start = ContinuousClock.now

        init(offset: Int64, speed: Double) {
            self.offset = offset
            self.speed = speed
        }

        func milliseconds() -> Int64 {
            offset + Int64(start.duration(to: .now) / .milliseconds(1) * speed)
        }

        func sleep(milliseconds: Int64) async throws {
            try await Task.sleep(for: .milliseconds(Double(milliseconds) / speed))
        }
    }

    private let transports: [SimulationTransport]
    private let tasks: [Task<Void, any Error>]

    init(
        _ plan: SimulationPlan, _ server: RedisServer, _ direct: RedisClient, _ ledger: SimulationLedger
    ) async throws {
        let schedule = JobSchedule(
            Self.entry, try .every(.seconds(1)), catchUp: .all(limit: 100), job: SimulationTick())
        // As an older version left it some seconds ago.
        let time = try await direct.send(RedisCommand("TIME"))
        _ = try await direct.send(
            RedisCommand(
                "HSET", "{t}:cron:sim", "version", 0, "timing", RedisArgument(ScheduleDefinition(schedule).timing),
                "definition", "", "tick", RedisArgument(((time[0].int ?? 0) - plan.missedTicks) * 1000)))
        let clocks = [Clock(offset: -300_000, speed: 0.7), Clock(offset: 300_000, speed: 1.5)]
        transports = try clocks.indices.map { index in
            try SimulationTransport(
                .worker, to: server, seed: plan.seed &* 41 &+ UInt64(index),
                perMille: plan.producerFaultsPerMille, lease: plan.lease, ledger: ledger)
        }
        let schedulers = try zip(clocks, transports).map { clock, transport in
            try JobScheduler(
                queue: transport.queue, schedules: [schedule], logger: .quiet, clock: clock,
                script: JobScheduler.script)
        }
        tasks = schedulers.map { scheduler in Task { try await scheduler.run() } }
        ledger.did("schedulers", 2)
    }

    func end() async throws {
        for transport in transports { transport.calm() }
        for task in tasks { task.cancel() }
        for task in tasks { try await task.value }
        for transport in transports {
            await transport.client.close()
            transport.proxy.stop()
        }
    }
}
