import RedisClient

@testable import JobQueue

/// A periodic entry of the model.
struct ModelEntry {
    var version: Int
    var timing: String
    var definition: String
    var tick: Int64
    var seen: Int64?
    var pausedAt: Int64?
    var run: (id: String, at: Int64)?
    /// What ran last: tick, time, job, queue.
    var latest: [String: String] = [:]
    /// The oldest first.
    var log: [String] = []

    mutating func note(_ line: String) {
        log.append(line)
        if log.count > 50 { log.removeFirst() }
    }

    fileprivate func code(_ step: ModelCron.Declared) -> String {
        if step.version < version { return "older" }
        if step.version > version { return "newer" }
        return step.definition == definition ? "ok" : "other"
    }
}

/// A step of a scheduler, or of an operator who steers it.
enum ModelCron: Sendable {
    /// An entry as a process declares it.
    struct Declared: Sendable {
        let name: String
        let version: Int
        var timing = ""
        let definition: String
    }

    case look(Declared, takesOver: Bool, forget: Int64)
    case advance(Declared, from: Int64, to: Int64, dropped: Int, ticks: [Int64], jobs: [PreparedJob])
    case run(Declared, id: String, job: PreparedJob)
    /// `pause`, `resume`, `run` or `forget`.
    case steer(String, name: String, id: String)
}

/// What schedulers do: `Lua/cron.lua` and `Lua/cron_admin.lua`.
extension Model {
    mutating func cron(_ step: ModelCron) -> String {
        switch step {
        case .look(let declared, let takesOver, let forget):
            return "\(now) \(look(declared, takesOver: takesOver, forget: forget))"
        case .advance(let declared, let from, let to, let dropped, let ticks, let jobs):
            var code = entries[declared.name]?.code(declared) ?? "unknown"
            if code == "ok", let entry = entries[declared.name] {
                if entry.tick != from || to <= from {
                    code = "moved"
                } else if entry.pausedAt != nil {
                    code = "paused"
                } else if to > now {
                    code = "early"
                }
            }
            guard code == "ok" else {
                saw(.tickRefused)
                return "\(now) \(shown(code, declared.name))"
            }
            let results = advance(declared.name, to: to, dropped: dropped, ticks: ticks, jobs: jobs)
            return (["\(now) \(shown(code, declared.name))"] + results).joined(separator: " ")
        case .run(let declared, let id, let job):
            var code = entries[declared.name]?.code(declared) ?? "unknown"
            if code == "ok", entries[declared.name]?.run?.id != id { code = "moved" }
            guard code == "ok" else { return "\(now) \(shown(code, declared.name))" }
            let result = enqueue([job])[0] == "1" ? "1" : "0"
            let moment = now
            entries[declared.name]?.run = nil
            entries[declared.name]?.ran(job, moment)
            entries[declared.name]?.note("\(moment) \(moment) manual 1 \(job.queue) \(job.id)")
            saw(.ranByHand)
            return "\(now) \(shown(code, declared.name)) \(result)"
        case .steer(let operation, let name, let id): return steer(operation, name, id)
        }
    }

    private func shown(_ code: String, _ name: String) -> String {
        let entry = entries[name]
        return "\(code) \(entry?.tick ?? 0) \(entry?.pausedAt == nil ? 0 : 1) \(entry?.run?.id ?? "")"
    }

    private mutating func look(_ declared: ModelCron.Declared, takesOver: Bool, forget: Int64) -> String {
        let name = declared.name
        var seen = entries[name]?.seen ?? 0
        var code = entries[name]?.code(declared) ?? "unknown"
        if code == "other", takesOver || now - seen > 120_000 { code = "newer" }
        if code == "unknown" || code == "newer" {
            var entry =
                entries[name] ?? ModelEntry(version: 0, timing: "", definition: "", tick: 0)
            if entry.timing != declared.timing { entry.tick = max(now, entry.tick) }
            (entry.version, entry.timing, entry.definition) = (declared.version, declared.timing, declared.definition)
            entries[name] = entry
            saw(.declared)
            (code, seen) = ("ok", 0)
        }
        if code == "ok" {
            if now - seen > 60_000 { entries[name]?.seen = now }
            if let run = entries[name]?.run, now - run.at > 600_000 { entries[name]?.run = nil }
        }
        let reply = shown(code, name)
        for (name, entry) in entries where entry.seen.map({ $0 <= now - forget }) == true {
            entries[name] = nil
            saw(.entryForgotten)
        }
        return reply
    }

    private mutating func advance(
        _ name: String, to: Int64, dropped: Int, ticks: [Int64], jobs: [PreparedJob]
    ) -> [String] {
        let results = enqueue(jobs).map { $0 == "1" }
        let moment = now
        entries[name]?.tick = to
        if let tick = ticks.last, let job = jobs.last {
            entries[name]?.latest["last"] = "\(tick)"
            entries[name]?.ran(job, moment)
        }
        if dropped > 0 { entries[name]?.note("\(ticks.first ?? to) \(moment) dropped \(dropped) - -") }
        for (index, tick) in ticks.enumerated() {
            let outcome = results[index] ? "enqueued" : "duplicate"
            entries[name]?.note("\(tick) \(moment) \(outcome) 1 \(jobs[index].queue) \(jobs[index].id)")
        }
        saw(.ticked, ticks.count)
        return results.map { $0 ? "1" : "0" }
    }

    private mutating func steer(_ operation: String, _ name: String, _ id: String) -> String {
        guard let entry = entries[name] else { return operation == "run" ? "" : "0" }
        switch operation {
        case "pause":
            guard entry.pausedAt == nil else { return "0" }
            entries[name]?.pausedAt = now
        case "resume":
            guard entry.pausedAt != nil else { return "0" }
            entries[name]?.pausedAt = nil
            entries[name]?.tick = max(now, entry.tick)
        case "run":
            if let run = entry.run, now - run.at <= 600_000 { return run.id }
            entries[name]?.run = (id, now)
            return id
        default: entries[name] = nil
        }
        return "1"
    }
}

extension ModelEntry {
    fileprivate mutating func ran(_ job: PreparedJob, _ now: Int64) {
        latest["ran"] = "\(now)"
        latest["job"] = job.id.rawValue
        latest["queue"] = job.queue
    }

    func dump(_ name: String, to lines: inout [String]) {
        if let seen { lines.append("cron \(name) \(seen)") }
        var fields = latest
        fields["version"] = "\(version)"
        fields["timing"] = timing
        fields["definition"] = definition
        fields["tick"] = "\(tick)"
        fields["paused"] = pausedAt.map { "\($0)" }
        fields["run"] = run?.id
        fields["wanted"] = run.map { "\($0.at)" }
        lines += fields.map { "cron:\(name) \($0) \($1)" }
        for (index, line) in log.enumerated() { lines.append("cron:\(name):log \(index) \(line)") }
    }
}

extension ModelCron {
    /// The name of the script and its arguments, as a scheduler or an inspector lays them out.
    var call: (script: String, arguments: [RedisArgument]) {
        func opening(_ word: String, _ declared: Declared) -> [RedisArgument] {
            [
                RedisArgument(word), RedisArgument(declared.name), RedisArgument(declared.version),
                RedisArgument(declared.definition),
            ]
        }
        switch self {
        case .look(let declared, let takesOver, let forget):
            return (
                "cron",
                [
                    "look", takesOver ? "1" : "0", RedisArgument(forget), RedisArgument(declared.name),
                    RedisArgument(declared.version), RedisArgument(declared.timing), RedisArgument(declared.definition),
                ]
            )
        case .advance(let declared, let from, let to, let dropped, let ticks, let jobs):
            var arguments = opening("advance", declared)
            arguments += [from, to, Int64(dropped), Int64(jobs.count)].map { RedisArgument($0) }
            arguments += ticks.map { RedisArgument($0) }
            jobs.forEach { $0.append(to: &arguments) }
            return ("cron", arguments)
        case .run(let declared, let id, let job):
            var arguments = opening("run", declared) + [RedisArgument(id)]
            job.append(to: &arguments)
            return ("cron", arguments)
        case .steer(let operation, let name, let id):
            return ("cron_admin", [RedisArgument(operation), RedisArgument(name), RedisArgument(id)])
        }
    }
}
