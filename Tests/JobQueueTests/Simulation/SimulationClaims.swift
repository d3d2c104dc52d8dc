import RedisClient
import TestSupport

@testable import JobQueue

/// Asks at an exact time of Redis's clock whether a lost job is claimable.
///
/// That is the state of the queue and not of the machine: when a busy worker comes to look is another matter.
struct SimulationClaims: Sendable {
    /// A job of a queue that no worker serves.
    private struct Probed: Job {
        static let name = "probed"
        static let queue = "probed"
        static let options = JobOptions(maximumFailures: 50, maximumLapses: 50)
    }

    private static let script = Linker.turnScript(effects: [])

    private let plan: SimulationPlan
    private let world: SimulationWorld
    private let ledger: SimulationLedger

    init(_ plan: SimulationPlan, _ world: SimulationWorld, _ ledger: SimulationLedger) {
        self.plan = plan
        self.world = world
        self.ledger = ledger
    }

    /// A worker claims and is never heard of again; another one asks before the leases end, and then one second later.
    func probe() async throws {
        let ids = (0..<(1 + Int(plan.seed % 3))).map { "probe-\($0)" }
        for id in ids { try await enqueue(id) }
        let start = try await world.now()
        let lost = try await send(turn(1, claim: ids.count), "probed", by: "lost").claimed
        let expiry = try await world.now() + Int64(plan.lease)
        let early = try await send(turn(1, claim: 5, isIdle: true), "probed", by: "early").claimed
        if try await world.now() < start + Int64(plan.lease), !early.isEmpty {
            ledger.violated("\(early.map(\.id)) were claimed beside their leases")
        }
        while try await world.now() < expiry + 1000 { try await Task.sleep(for: .milliseconds(20)) }
        // One by one, because each is a suspect now and runs alone.
        for (number, id) in ids.enumerated() {
            let reply = try await send(turn(Int64(2 * number + 1), claim: 5, isIdle: true), "probed", by: "next")
            guard reply.claimed.count == 1, reply.solo == .claimed else {
                return ledger.violated("\(id) is not claimable a second after its lease: \(reply.claimed.map(\.id))")
            }
            _ = try await send(
                turn(Int64(2 * number + 2), ends: reply.claimed, .completed(.done)), "probed", by: "next")
        }
        // What the lost worker still has to say is stale.
        let late = try await send(turn(2, ends: lost, .completed(.done)), "probed", by: "lost")
        if late.problems.count != lost.count { ledger.violated("a stale acknowledgement of a probe was accepted") }
        ledger.did("claimed a second after its lease", ids.count)
    }

    /// A lease is over for a second and no worker came: whoever comes now must find its job.
    func claimLate(_ queue: String) async throws {
        ledger.did("late leases that were probed")
        let reply = try await send(turn(world.probeNumber(), claim: 1, isIdle: true), queue, by: "late")
        if try await world.isOverdue(queue) { ledger.violated("a lease of \(queue) outlives a look by a second") }
        guard !reply.claimed.isEmpty else { return }
        let list = reply.claimed[0].lapses > 0 ? "suspect" : "p1"
        _ = try await send(turn(world.probeNumber(), ends: reply.claimed, .released(list: list)), queue, by: "late")
    }

    private func enqueue(_ id: String) async throws {
        while true {
            do {
                _ = try await world.queue.enqueue(try Probed().prepared(id: JobID(id)))
                return
            } catch is JobQueueError {
                // Redis was killed: repeating does no harm.
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private func send(_ turn: Turn, _ queue: String, by worker: String) async throws -> TurnReply {
        let arguments = turn.arguments(
            queue: queue, worker: worker, lease: .milliseconds(plan.lease), limits: .init())
        // The number makes a repeat harmless.
        while true {
            do {
                return try TurnReply(
                    await world.direct.eval(Self.script, keys: ["{t}:"], arguments: arguments, retry: .safe))
            } catch let error as RedisError {
                guard error.code != .server else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
