import TestSupport
import Testing

/// Real workers, real processes and a real Redis, with everything that goes wrong between them.
@Suite("Whatever fails, every acknowledged job ends once", .serialized)
struct SimulationTests {
    /// Seeds at once: most of a seed's time is waiting, for a lease and a second above all.
    private static let lanes = 5

    @Test("seeds of work and faults against the producers' ledger")
    func seeds() async throws {
        let seeds = Seeds.chosen(default: 60)
        let outcomes = try await withThrowingTaskGroup(of: Simulation.Outcome.self) { group in
            var rest = seeds.makeIterator()
            for _ in 0..<Self.lanes {
                guard let seed = rest.next() else { break }
                group.addTask { try await Simulation(plan: SimulationPlan(seed: seed)).run() }
            }
            var outcomes: [Simulation.Outcome] = []
            for try await outcome in group {
                outcomes.append(outcome)
                if let seed = rest.next() {
                    group.addTask { try await Simulation(plan: SimulationPlan(seed: seed)).run() }
                }
            }
            return outcomes
        }
        await SimulationGraveyard.shared.wait()
        var faults: [String: Int] = [:]
        var works: [String: Int] = [:]
        for outcome in outcomes {
            faults.merge(outcome.faults, uniquingKeysWith: +)
            works.merge(outcome.works, uniquingKeysWith: +)
        }
        let jobs = outcomes.reduce(0) { $0 + $1.jobs }
        let lateness = outcomes.map(\.lateness).max() ?? 0
        func list(_ counts: [String: Int]) -> String {
            counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
        print(
            "simulation: \(outcomes.count) seeds passed, \(jobs) jobs, a lease was seen at most \(lateness) ms late\n"
                + "  faults: \(list(faults))\n  work: \(list(works))")
        // A plan that leaves a fault out proves nothing about it.
        if seeds.count >= 50 {
            let expected = [
                "Redis frozen", "Redis killed", "connections cut", "cut after send", "cut before send",
                "cut before the reply", "doubled", "dropped", "poison took a worker", "process frozen",
                "process killed", "queue paused", "reply delayed", "request delayed", "script flush",
                "worker abandoned", "wrong clock seen",
            ]
            #expect(expected.filter { faults[$0] == nil } == [])
            let done = [
                "alone", "alone with a priority", "at once", "batches", "cancel: asked to stop", "cancel: done",
                "claimed a second after its lease", "delete: done", "edit: done", "in bulk", "kill: done", "move: done",
                "refused as pending", "refused as periodic", "refused as unique", "revive: done", "runNow: done",
                "schedulers", "starts under a rate", "ticks", "with a change of state",
            ]
            #expect(done.filter { works[$0] ?? 0 == 0 } == [])
        }
    }
}
