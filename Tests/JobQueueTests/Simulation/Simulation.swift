import Foundation
import JobQueue
import RedisClient
import Synchronization
import TestSupport

/// One seed: the plan, carried out against a Redis of its own.
struct Simulation: Sendable {
    /// What a seed has to show.
    struct Outcome: Sendable {
        var jobs = 0
        var faults: [String: Int] = [:]
        var works: [String: Int] = [:]
        var lateness = 0
    }

    let plan: SimulationPlan

    func run() async throws -> Outcome {
        let ledger = SimulationLedger()
        let server = try await RedisServer.start(
            configuration: plan.isDurable ? ["appendonly yes", "appendfsync always"] : [])
        let client = server.makeClient { $0.maximumBackoff = .milliseconds(50) }
        let queue = JobQueue(redis: client, namespace: try Namespace("t"), logger: .quiet)
        let world = SimulationWorld(plan, server, client, queue, ledger)
        let checks = SimulationChecks(client: client)
        var outcome = Outcome()
        var problems: [String]
        do {
            try await queue.prepare()
            let inspector = QueueInspector(queue: queue)
            try await inspector.setLimits(queue: "limited", QueueLimits(concurrency: plan.limit))
            try await inspector.setLimits(queue: "metered", QueueLimits(rate: plan.rate))
            try await inspector.pause(queue: "held")
            try await world.start()
            outcome.lateness = try await carryOut(world, checks, ledger)
            try await world.end()
            problems = try await checks.end(ledger, plan)
        } catch {
            problems = ledger.violations + ["\(error)"]
        }
        outcome.jobs = ledger.entries.count
        outcome.faults = ledger.faults
        outcome.works = ledger.works
        await client.close()
        server.stop()
        for worker in await world.abandoned {
            // Its end is not waited for by anything else; it can't reach a server that is gone.
            await SimulationGraveyard.shared.take(worker)
        }
        guard problems.isEmpty else {
            throw TestSupportError(
                "SUNSET_SIM_SEED=\(plan.seed) failed:\n  \(problems.prefix(12).joined(separator: "\n  "))\n\(plan)")
        }
        return outcome
    }

    /// Producers, faults and the watch at once, until nothing lives; the greatest lateness of a lease.
    private func carryOut(
        _ world: SimulationWorld, _ checks: SimulationChecks, _ ledger: SimulationLedger
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            let isOver = SimulationFlag()
            group.addTask { try await watch(world, checks, ledger, until: isOver) }
            do {
                try await withThrowingTaskGroup(of: Void.self) { actors in
                    for index in plan.producers.indices {
                        actors.addTask { try await produce(index, world, ledger) }
                    }
                    actors.addTask { try await disturb(world) }
                    actors.addTask { try await operate(world, ledger) }
                    actors.addTask { try await SimulationClaims(plan, world, ledger).probe() }
                    actors.addTask {
                        try await Task.sleep(for: .milliseconds(plan.heldUntil))
                        try await world.letGo()
                    }
                    try await actors.waitForAll()
                }
                try await world.calm()
                try await settle(world, checks)
            } catch {
                isOver.set()
                throw error
            }
            isOver.set()
            return try await group.reduce(0, max)
        }
    }

    private func settle(_ world: SimulationWorld, _ checks: SimulationChecks) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while true {
            try await world.tend()
            let live = try await checks.moment().live
            if live.isEmpty { return }
            guard ContinuousClock.now < end else {
                let holders = try await checks.workers()
                throw TestSupportError("still alive after 30 seconds: \(live.prefix(10)); workers: \(holders)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func disturb(_ world: SimulationWorld) async throws {
        let start = ContinuousClock.now
        for (at, fault) in plan.faults {
            try await Task.sleep(until: start + .milliseconds(at))
            try await world.inject(fault)
            try await world.tend()
        }
    }

    /// Looks again and again at what must hold at any moment; the greatest lateness of a lease.
    private func watch(
        _ world: SimulationWorld, _ checks: SimulationChecks, _ ledger: SimulationLedger, until isOver: SimulationFlag
    ) async throws -> Int {
        var latest = 0
        while !isOver.isSet {
            let disturbed = await world.disturbedUntil
            do {
                let moment = try await checks.moment(notBefore: disturbed)
                moment.problems.forEach { ledger.violated($0) }
                if await world.disturbedUntil == disturbed { latest = max(latest, moment.lateness) }
                if moment.lateness > 1000, let queue = moment.latest {
                    try await SimulationClaims(plan, world, ledger).claimLate(queue)
                }
            } catch {
                // Redis was killed; the next look shows what is left.
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        return latest
    }
}

/// Says to several tasks that it is over.
final class SimulationFlag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .sequentiallyConsistent) }

    func set() { value.store(true, ordering: .sequentiallyConsistent) }
}

/// Waits in the end for workers that were cut off.
actor SimulationGraveyard {
    static let shared = SimulationGraveyard()
    private var tasks: [Task<Void, Never>] = []

    func take(_ worker: SimulationInProcess) {
        // A worker that can't reach Redis may end as it likes, but it must end.
        tasks.append(Task { try? await worker.end() })
    }

    func wait() async {
        for task in tasks { await task.value }
        tasks = []
    }
}
