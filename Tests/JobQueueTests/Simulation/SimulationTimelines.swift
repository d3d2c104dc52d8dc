import Foundation
import JobQueue
import RedisClient

/// What an order in Redis proves: timelines, the log of a periodic entry, the starts of a metered queue.
extension SimulationChecks {
    struct Event {
        let at: Int64
        let what: String
        let id: String

        var isEnd: Bool { ["completed", "dead", "cancelled", "deleted"].contains(what) }
    }

    private func timeline(_ tag: String) async throws -> [Event] {
        let entries = try await send("XRANGE", RedisArgument("{t}:tag:\(tag)"), "-", "+").array ?? []
        return entries.compactMap { entry in
            guard let time = entry[0].string?.split(separator: "-").first, let at = Int64(time),
                let fields = entry[1].dictionary, let what = fields["e"], let id = fields["i"]
            else { return nil }
            return Event(at: at, what: what, id: id)
        }
    }

    /// A batch as Redis counted it, its callbacks, and that these came after the last member's end.
    func check(
        _ batch: SimulationPlan.Batch, isAcknowledged: Bool, _ ends: SimulationEnds
    ) async throws -> [String] {
        let counts = try await fields("batch:\(batch.id)").compactMapValues { Int($0) }
        guard let total = counts["total"] else {
            return isAcknowledged ? ["the batch \(batch.id) was acknowledged, and is lost"] : []
        }
        var problems: [String] = []
        let members = batch.items.map(\.id)
        let completed = counts["completed"] ?? 0
        let ended = completed + (counts["dead"] ?? 0) + (counts["cancelled"] ?? 0) + (counts["deleted"] ?? 0)
        if total != members.count || ended != total || counts["pending"] != 0 || counts["finished"] == nil {
            problems.append("the batch \(batch.id) of \(members.count) counts \(counts)")
        }
        let done = members.filter { ends.done.contains($0) }.count
        let deletions = total - done - members.filter { ends.dead.contains($0) }.count
        if !(done...(done + deletions)).contains(completed) {
            problems.append("the batch \(batch.id) counts \(completed) completed, and \(done) are")
        }
        let expected = [(batch.onComplete, 1), (batch.onSuccess, completed == total ? 1 : 0)]
        for (callback, times) in expected where ends.effects(callback.id) != times {
            problems.append("\(callback.id) came \(ends.effects(callback.id)) times, not \(times)")
        }
        let events = try await timeline("batch.\(batch.id)")
        let callbacks = [batch.onSuccess.id, batch.onComplete.id]
        if let first = events.firstIndex(where: { $0.what == "enqueued" && callbacks.contains($0.id) }) {
            let late = events[first...].filter { members.contains($0.id) && $0.what != "deleted" }
            if !late.isEmpty { problems.append("\(batch.id) was over before \(late.map { "\($0.id) \($0.what)" })") }
        }
        return problems
    }

    /// Each job of a timeline is born once and ends once, and locks hold as long as they promise.
    func checkTimelines(
        _ ledger: SimulationLedger, _ ends: SimulationEnds, isUndisturbed: Bool
    ) async throws -> [String] {
        var problems: [String] = []
        let tagged = ledger.entries.values.filter { $0.item.tag != nil }
        for (tag, entries) in Dictionary(grouping: tagged, by: { $0.item.tag ?? "" }) {
            let events = try await timeline(tag)
            for entry in entries {
                let own = events.filter { $0.id == entry.item.id }
                let lives = own.filter { $0.what == "enqueued" || $0.what == "revived" }.count
                let deaths = own.filter(\.isEnd).count
                // What is deleted behind its end is not noted.
                if lives != deaths || own.filter({ $0.what == "enqueued" }).count > 1 {
                    problems.append("\(entry.item.id) lived otherwise: \(own.map(\.what))")
                }
                let born = own.first { $0.what == "enqueued" }?.at ?? 0
                if let delay = entry.item.delay, let start = own.first(where: { $0.what == "started" })?.at,
                    isUndisturbed, ![.runNow, .revive].contains(entry.operation?.kind), start - born < Int64(delay) - 5
                {
                    problems.append("\(entry.item.id) started after \(start - born) ms, not \(delay)")
                }
                if entry.isAcknowledged, !entry.isRefused, own.isEmpty {
                    problems.append("\(entry.item.id) is missing in \(tag)")
                }
            }
            problems += Self.violations(of: tag, events, isUndisturbed: isUndisturbed)
            for entry in entries {
                guard let refusal = entry.refusal, let free = Self.freed(tag, events, by: refusal.holder) else {
                    continue
                }
                if free < refusal.notBefore {
                    problems.append("\(entry.item.id) was refused for \(refusal.holder), which held no lock any more")
                }
            }
        }
        return problems
    }

    /// When a job gave its lock up, or must have; `nil` if it never did.
    private static func freed(_ tag: String, _ events: [Event], by id: String) -> Int64? {
        let own = events.filter { $0.id == id }
        let isPeriodic = tag.hasPrefix("periodic")
        let end = own.first { event in
            switch event.what {
            case "started": tag.hasPrefix("pending")
            case "completed": !isPeriodic
            default: event.isEnd || event.what == "moved"
            }
        }
        // Keys end a moment later than their time where nobody looks at them.
        let period = own.first.map { $0.at + Int64(SimulationPeriodic.period) + 50 }
        return [end?.at, isPeriodic ? period : nil].compactMap(\.self).min().map { $0 + 5 }
    }

    /// From one enqueue of a key to the next, the lock was free again.
    private static func violations(of tag: String, _ events: [Event], isUndisturbed: Bool) -> [String] {
        var holder: Event?
        var problems: [String] = []
        let mode = tag.prefix { $0 != "." }
        guard ["unique", "pending", "periodic"].contains(mode) else { return [] }
        for event in events {
            switch event.what {
            case "enqueued":
                if let held = holder {
                    let isOver = event.at - held.at >= Int64(SimulationPeriodic.period) - 20 || !isUndisturbed
                    if mode != "periodic" || !isOver {
                        problems.append("\(event.id) came while \(held.id) held the lock of \(tag)")
                    }
                }
                holder = event
            case "started" where mode == "pending", "completed" where mode != "periodic", "dead", "cancelled",
                "deleted",
                "moved":
                if holder?.id == event.id { holder = nil }
            default: break
            }
        }
        return problems
    }

    /// Each tick of the periodic entry was enqueued once.
    func checkTicks(
        _ plan: SimulationPlan, _ ends: SimulationEnds, _ ledger: SimulationLedger, _ known: inout Set<String>
    ) async throws -> [String] {
        guard plan.hasTicks else { return [] }
        let log = try await send("LRANGE", "{t}:cron:\(SimulationSchedulers.entry):log", 0, -1).array ?? []
        var problems: [String] = []
        var ticks: Set<String> = []
        for line in log.compactMap(\.string) {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 6, words[2] == "enqueued", ticks.insert(words[0]).inserted else {
                problems.append("the log of ticks says '\(line)'")
                continue
            }
            known.insert(words[5])
            if ends.effects(words[5]) != 1 { problems.append("\(words[5]) has \(ends.effects(words[5])) effects") }
        }
        // None at all: on a bad way, no scheduler got through before the seed was over. They come in one script's call.
        if !ticks.isEmpty, ticks.count < plan.missedTicks {
            problems.append("\(ticks.count) ticks, \(plan.missedTicks) were missed")
        }
        ledger.did("ticks", ticks.count)
        return problems
    }

    /// In no window were more jobs of the metered queue started than its rate and burst allow.
    func checkStarts(_ plan: SimulationPlan, _ ledger: SimulationLedger) async throws -> [String] {
        let starts = (try await send("LRANGE", "{t}:sim:starts", 0, -1).array ?? []).compactMap(\.int)
        ledger.did("starts under a rate", starts.count)
        for first in starts.indices {
            for last in starts.indices[first...] {
                let earned = Double((starts[last] - starts[first]) * plan.rate.count) / Double(plan.rate.milliseconds)
                guard Double(last - first + 1) > Double(plan.rate.burst) + earned + 0.01 else { continue }
                return [
                    "\(last - first + 1) starts in \(starts[last] - starts[first]) ms, with \(plan.rate)"
                ]
            }
        }
        return []
    }
}
