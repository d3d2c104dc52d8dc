import Foundation
import JobQueue
import RedisClient
import TestSupport

/// What must hold at any moment, and what must hold in the end.
struct SimulationChecks: Sendable {
    static let queues = SimulationHandlers.queues

    let client: RedisClient

    func send(_ name: String, _ arguments: RedisArgument...) async throws -> RESPValue {
        try await client.send(RedisCommand(name, arguments).retrying(.safe))
    }

    /// Who is in the registry, and what each runs.
    func workers() async throws -> [[String: String]] {
        var workers: [[String: String]] = []
        for key in try await keys("w:") where !key.hasSuffix(":wake") {
            workers.append(try await fields(String(key.dropFirst(4))))
        }
        return workers
    }

    func members(_ queue: String, _ part: String) async throws -> Set<String> {
        let reply = try await send("ZRANGE", RedisArgument("{t}:q:\(queue):\(part)"), 0, -1)
        return Set((reply.array ?? []).compactMap(\.string))
    }

    func fields(_ key: String) async throws -> [String: String] {
        try await send("HGETALL", RedisArgument("{t}:\(key)")).dictionary ?? [:]
    }

    /// Everything is over: what the ledger knows against what Redis has.
    func end(_ ledger: SimulationLedger, _ plan: SimulationPlan) async throws -> [String] {
        var problems = ledger.violations
        problems += (try await send("LRANGE", "{t}:sim:violations", 0, -1).array ?? []).compactMap(\.string)
        let ends = try await SimulationEnds(self)
        // A neighbour of poison runs alone from then on: whatever else it suffered was injected.
        let injected = ledger.faults.filter { $0.key != "poison took a worker" }.values.reduce(0, +)
        for (id, lapses) in try await fields("sim:lapses") where Int(lapses) ?? 0 > injected + 2 {
            problems.append("\(id) lapsed \(lapses) times, with \(injected) faults")
        }
        var known: Set<String> = []
        for (id, entry) in ledger.entries {
            known.insert(id)
            problems += try await check(id, entry, ends)
            guard let job = entry.item.job as? SimulationJob, job.kind == .follow else { continue }
            let next = "\(id).next"
            known.insert(next)
            if ends.done.contains(id) != ends.done.contains(next), entry.operation?.kind != .delete {
                problems.append("\(id) ended, and what follows did not")
            }
            if ends.done.contains(next), ends.effects(next) != 1 {
                problems.append("\(next) has \(ends.effects(next)) effects")
            }
        }
        for (batch, isAcknowledged) in ledger.batches {
            known.formUnion([batch.onSuccess.id, batch.onComplete.id])
            problems += try await check(batch, isAcknowledged: isAcknowledged, ends)
        }
        problems += try await counters(ledger, ends)
        problems += try await checkTicks(plan, ends, ledger, &known)
        problems += try await checkStarts(plan, ledger)
        problems += try await checkTimelines(ledger, ends, isUndisturbed: plan.isUndisturbed)
        for id in ends.done.union(ends.dead).union(ends.tally.keys).subtracting(known) {
            problems.append("nobody knows \(id)")
        }
        problems += try await clocks(ledger, plan)
        return problems + (try await residue(dead: ends.dead))
    }

    /// More ends than ended jobs: somebody's stale acknowledgement was accepted.
    ///
    /// What operators deleted or revived is not there any more, or ended twice.
    private func counters(_ ledger: SimulationLedger, _ ends: SimulationEnds) async throws -> [String] {
        let operations = ledger.entries.values.compactMap { $0.operation?.kind }
        let deleted = operations.count { $0 == .delete }
        let revived = operations.count { $0 == .revive }
        let (done, dead) = (ends.done.count, ends.dead.count)
        var problems: [String] = []
        if !(done...(done + deleted)).contains(ends.completions) {
            problems.append("\(ends.completions) completions of \(done) jobs, \(deleted) deleted")
        }
        if !(dead...(dead + deleted + revived)).contains(ends.deaths) {
            problems.append("\(ends.deaths) deaths of \(dead) jobs, \(deleted) deleted, \(revived) revived")
        }
        return problems
    }

    /// The processes' clocks are as wrong as planned, or the plan tests nothing.
    private func clocks(_ ledger: SimulationLedger, _ plan: SimulationPlan) async throws -> [String] {
        let planned = Set(plan.processes.map(\.clockOffset))
        let now = Int64(Date().timeIntervalSince1970)
        return (try await send("LRANGE", "{t}:sim:clocks", 0, -1).array ?? []).compactMap(\.int).compactMap { clock in
            let offset = Int64(clock) / 1000 - now
            if abs(offset) > 200 { ledger.injected("wrong clock seen") }
            // A seed may take a while until here.
            let isPlanned = planned.contains { (Int64($0) - 90...Int64($0) + 5).contains(offset) }
            return isPlanned ? nil : "a process's clock is off by \(offset) s"
        }
    }

    private func check(
        _ id: String, _ entry: SimulationLedger.Entry, _ ends: SimulationEnds
    ) async throws -> [String] {
        var problems: [String] = []
        let isDone = ends.done.contains(id)
        let isDead = ends.dead.contains(id)
        let mayBeGone = entry.operation?.kind == .delete
        if entry.isAcknowledged, !entry.isRefused, !isDone, !isDead, !mayBeGone {
            problems.append("\(id) was acknowledged, and is lost")
        }
        if isDone, isDead { problems.append("\(id) is completed and dead") }
        let effects = ends.effects(id)
        if effects > (isDone || mayBeGone ? 1 : 0) {
            problems.append("\(id) has \(effects) effects, completed: \(isDone)")
        }
        if entry.isChange, !mayBeGone {
            let isChanged = try await send("EXISTS", RedisArgument("{t}:sim:state:\(id)")).int == 1
            if isChanged != (isDone || isDead) { problems.append("\(id): change of state \(isChanged), job \(isDone)") }
        }
        let kind = (entry.item.job as? SimulationJob)?.kind
        if entry.item.job is SimulationPoison {
            if isDone { problems.append("the poison \(id) completed") }
        } else {
            if isDone, kind != .plain, effects != 1 { problems.append("\(id) has \(effects) effects") }
            if isDead, kind != .hopeless, !entry.mayBeCancelled {
                let history = try await send("HGET", "{t}:q:\(entry.item.queue):hist", RedisArgument(id)).string
                problems.append("the innocent \(id) is dead: \(history ?? "no history")")
            }
        }
        if let operation = entry.operation { problems += check(id, operation, ends) }
        return problems
    }

    private func check(_ id: String, _ operation: SimulationLedger.Operation, _ ends: SimulationEnds) -> [String] {
        var problems: [String] = []
        if let before = operation.effects, ends.effects(id) != before {
            problems.append("\(id) has effects after its \(operation.kind) was acknowledged")
        }
        switch (operation.kind, operation.answer) {
        case (.delete, .done):
            if ends.done.contains(id) || ends.dead.contains(id) { problems.append("\(id) was deleted, and is there") }
        case (.cancel, .done), (.kill, .done):
            if !ends.dead.contains(id) { problems.append("\(id) was cancelled, and is not among the dead") }
        default: break
        }
        return problems
    }

    func keys(_ prefix: String) async throws -> [String] {
        (try await send("KEYS", RedisArgument("{t}:\(prefix)*")).array ?? []).compactMap(\.string).sorted()
    }

    /// What lies about that should not.
    private func residue(dead: Set<String>) async throws -> [String] {
        let allowed = ["done", "dead", "morgue", "hist", "meta", "wake", "kept", "result"]
        var problems: [String] = []
        for key in try await keys("") {
            let name = String(key.dropFirst(4))
            let parts = name.split(separator: ":").map(String.init)
            let lives = try await send("PTTL", RedisArgument(key)).int ?? 0
            switch parts.first {
            case "sim", "queues", "queue", "workers", "batch", "batches", "tag", "cron": continue
            case "q" where parts.count == 3 && allowed.contains(parts[2]): continue
            // Bounded: they end by themselves, or just did.
            case "q" where lives > 0 || lives == -2, "w" where lives > 0 || lives == -2: continue
            default: problems.append("\(name) is left behind (\(lives))")
            }
        }
        for queue in Self.queues {
            for id in try await fields("q:\(queue):prog").keys {
                problems.append("the progress of \(id) is left behind")
            }
            for id in try await fields("q:\(queue):hist").keys where !dead.contains(id) {
                problems.append("the history of \(id) is left behind")
            }
        }
        return problems
    }
}
