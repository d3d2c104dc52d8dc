import JobQueue

/// Where everything was in the end.
struct SimulationEnds {
    private(set) var done: Set<String> = []
    private(set) var dead: Set<String> = []
    /// Of the dead, those that somebody cancelled.
    private(set) var cancelled: Set<String> = []
    private(set) var completions = 0
    private(set) var deaths = 0
    let tally: [String: String]

    init(_ checks: SimulationChecks) async throws {
        tally = try await checks.fields("sim:tally")
        for queue in SimulationChecks.queues {
            done.formUnion(try await checks.members(queue, "done"))
            let dead = try await checks.members(queue, "dead")
            self.dead.formUnion(dead)
            let histories = try await checks.fields("q:\(queue):hist")
            cancelled.formUnion(dead.filter { histories[$0]?.contains(#""k":"c""#) == true })
            for key in try await checks.keys("q:\(queue):stat:") where key.split(separator: ":").count == 5 {
                let counters = try await checks.fields(String(key.dropFirst(4)))
                func count(_ name: String) -> Int { counters[name].flatMap { Int($0) } ?? 0 }
                completions += count("completed")
                deaths += count("dead") + count("cancelled")
            }
        }
    }

    func effects(_ id: String) -> Int { tally[id].flatMap { Int($0) } ?? 0 }
}

extension SimulationLedger.Entry {
    /// Whether an operator may have ended it.
    var mayBeCancelled: Bool {
        switch operation?.kind {
        case .cancel, .kill: true
        // Retried in the end, if all was heard.
        case .revive: operation?.retry != .done
        default: false
        }
    }
}

extension SimulationPlan {
    /// Whether Redis's answers and time stamps come without a stop.
    var isUndisturbed: Bool {
        faults.allSatisfy { _, fault in
            switch fault {
            case .freezeRedis, .killRedis: false
            default: true
            }
        }
    }
}
