import TestSupport
import Testing

/// Real workers, real processes and a real Redis, with everything that goes wrong between them.
@Suite("Whatever fails, every acknowledged job ends once", .serialized)
struct SimulationTests {
    @Test("seeds of work and faults against the producers' ledger")
    func seeds() async throws {
        let seeds = Seeds.chosen(default: 60)
        let outcomes = try await withThrowingTaskGroup(of: Simulation.Outcome.self) { group in
            var rest = seeds.makeIterator()
            for _ in 0..<3 {
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
        for outcome in outcomes { faults.merge(outcome.faults, uniquingKeysWith: +) }
        let jobs = outcomes.reduce(0) { $0 + $1.jobs }
        let lateness = outcomes.map(\.lateness).max() ?? 0
        let injected = faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        print(
            "simulation: \(outcomes.count) seeds passed, \(jobs) jobs, a lease was seen at most \(lateness) ms late; "
                + "faults: \(injected)")
        // A plan that leaves a fault out proves nothing about it.
        if seeds.count >= 50 {
            let expected = [
                "Redis frozen", "Redis killed", "connections cut", "cut after send", "cut before send",
                "cut before the reply", "delayed", "dropped", "poison took a worker", "process frozen",
                "process killed", "queue paused", "script flush", "worker abandoned", "wrong clock seen",
            ]
            #expect(expected.filter { faults[$0] == nil } == [])
        }
    }
}
