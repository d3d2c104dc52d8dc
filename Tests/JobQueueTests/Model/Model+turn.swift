@testable import JobQueue

/// What a turn answers, in a form that the reply of the script can be brought to as well.
struct ModelTurnReply: CustomStringConvertible, Equatable {
    struct Claimed: Equatable {
        var id: String
        var epoch: Int64
        var failures: Int
        var lapses: Int
        var envelope: [UInt8]
    }

    /// By position among the endings, from 0.
    var problems: [Int: String] = [:]
    var claimed: [Claimed] = []
    var isMoreLeft = false
    var next: Int64?
    var solo = 0
    var isLimited = false

    var description: String {
        let problems = problems.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ")
        let claimed = claimed.map {
            "\($0.id):\($0.epoch) f\($0.failures) l\($0.lapses) \(String(decoding: $0.envelope, as: UTF8.self))"
        }
        return "problems [\(problems)] claimed \(claimed) more \(isMoreLeft) next \(next ?? -1) solo \(solo)"
            + (isLimited ? " limited" : "")
    }
}

extension Model {
    /// Settles and claims: `Lua/turn.lua`.
    mutating func turn(_ turn: Turn, queue name: String, worker: String, lease: Int64) -> ModelTurnReply {
        let key = "\(name):turn:\(worker)" + (turn.lane == 0 ? "" : ":\(turn.lane)")
        if let memory = memories[key], memory.number == turn.number {
            saw(.repeated)
            return repeated(memory, name)
        }
        if let memory = memories[key], memory.number > turn.number {
            // A late copy: what it would claim nobody would run.
            saw(.outdated)
            return ModelTurnReply(next: 1_000)
        }
        var reply = ModelTurnReply()
        let completed = settle(turn, name, &reply)
        let promoted = self[name].promote(now: now)
        // What a lapse enqueues (a batch's callback) comes with a hint of its own.
        let due = self[name].due.first?.score
        let expired = self[name].leases.count { $0.score <= now }
        let lapsed = reap(name)
        // Before anything is claimed: a claim of its own ends no sooner than the look that is due in any case.
        let times = [due, self[name].leases.first?.score, now + lease].compactMap(\.self)
        saw(.promoted, promoted)
        saw(.lapsed, expired)
        saw(.suspected, lapsed)
        let isLimited = self[name].limit != nil || self[name].bucket.rate != nil
        reply.isLimited = isLimited
        var tokenWait: Int64?
        let isVain =
            turn.isIdle && turn.endings.isEmpty && promoted + lapsed == 0
            && ["p0", "p1", "p2", "suspect"].allSatisfy { self[name].list($0).isEmpty }
        if self[name].pausedAt == nil, !isVain, turn.claim > 0 || isLimited && !turn.endings.isEmpty {
            tokenWait = claim(turn, name, worker: worker, lease: lease, lapsed: lapsed, &reply)
        } else if promoted + lapsed > 0 {
            self[name].isHinted = true
        }
        var swept = 0
        if completed > 0 {
            swept = self[name].sweep(2 * completed + 16, now: now, cap: limits.completed)
        } else if turn.endings.isEmpty && reply.claimed.isEmpty {
            swept = self[name].sweep(500, now: now, cap: limits.completed)
        }
        saw(.forgotten, swept)
        let next = [times.min().map { $0 - now }, tokenWait].compactMap(\.self).min()
        reply.next = reply.isMoreLeft || swept == 500 ? 0 : next.map { max(0, $0) }
        memories[key] = Memory(
            number: turn.number, problems: reply.problems, claims: reply.claimed.map { ($0.id, $0.epoch) },
            solo: reply.solo, isLimited: isLimited)
        return reply
    }

    /// The same problems; of the claims those that still hold.
    private func repeated(_ memory: Memory, _ name: String) -> ModelTurnReply {
        let queue = self[name]
        var reply = ModelTurnReply(
            problems: memory.problems, isMoreLeft: true, next: 0, solo: memory.solo, isLimited: memory.isLimited)
        reply.claimed = memory.claims.filter { queue.holds($0.id, $0.epoch) }.map { queue.claimed($0.id, $0.epoch) }
        return reply
    }

    /// How many were completed.
    private mutating func settle(_ turn: Turn, _ name: String, _ reply: inout ModelTurnReply) -> Int {
        let held = turn.endings.map { self[name].holds($0.id.rawValue, $0.epoch) }
        var completed = 0
        for (position, ending) in turn.endings.enumerated() {
            guard held[position] else {
                reply.problems[position] = "stale"
                saw(.stale)
                continue
            }
            let id = ending.id.rawValue
            let isRefused = ending.isRefused
            if ending.flags.contains(.hadProgress), !isRefused { self[name].progress[id] = nil }
            switch ending.outcome {
            case .completed(let completion):
                if let problem = complete(id, completion, ending.header, name) {
                    reply.problems[position] = problem
                } else {
                    completed += 1
                }
            case .failed(let delay, let isPermanent, _):
                fail(id, name, delay: delay.milliseconds, isPermanent: isPermanent, ending.header?.maximumFailures ?? 1)
            case .cancelled:
                self[name].requests[id] = nil
                cancelRunning(id, name)
            case .released, .parked:
                guard self[name].requests.removeValue(forKey: id) == nil else {
                    cancelRunning(id, name)
                    continue
                }
                goBack(id, ending.outcome, name)
            }
        }
        saw(.completed, completed)
        return completed
    }

    private mutating func cancelRunning(_ id: String, _ name: String) {
        end(id, name)
        saw(.stopped)
    }

    private mutating func goBack(_ id: String, _ outcome: Outcome, _ name: String) {
        guard let header = self[name].jobs[id]?.header else { return }
        switch outcome {
        case .released(let list):
            saw(.released)
            note(header, name, id, "released")
            let position = self[name].nextHead()
            self[name].jobs[id]?.place = .list(list, position: position)
            self[name].isHinted = true
        case .parked(let type):
            saw(.parked)
            note(header, name, id, "parked")
            self[name].jobs[id]?.place = .parked(type)
        case .completed, .failed, .cancelled:
            break
        }
    }

    private mutating func complete(
        _ id: String, _ completion: Completion, _ header: EnvelopeHeader?, _ name: String
    ) -> String? {
        for effect in completion.effects where effect.name == "refuse" {
            saw(.refused)
            return "refused no"
        }
        self[name].requests[id] = nil
        for effect in completion.effects {
            if effect.name == "break" {
                let moment = now
                self[name].jobs[id]?.failures += 1
                self[name].jobs[id]?.note("f", moment)
                bury(id, name)
                saw(.broken)
                return "broken break: BOOM"
            }
            tally[id, default: 0] += 1
            saw(.effect)
            _ = enqueue(effect.jobs)
        }
        _ = enqueue(completion.followUps)
        let ending = self[name].jobs.removeValue(forKey: id)
        let moment = now
        if let window = header?.windowMilliseconds, window > 0 {
            self[name].done[id] = moment + window
            saw(.remembered)
        }
        if completion.result != nil, let retention = header?.retentionMilliseconds, retention > 0 {
            self[name].results[id] = completion.result
            self[name].kept[id] = moment + retention
        }
        if let ending { ended(name, id, ending.header, "completed") }
        return nil
    }

    private mutating func fail(_ id: String, _ name: String, delay: Int64, isPermanent: Bool, _ maximum: Int) {
        guard var job = self[name].jobs[id] else { return }
        saw(.failed)
        job.failures += 1
        job.note("f", now)
        job.place = .due(now + max(0, delay))
        self[name].jobs[id] = job
        note(job.header, name, id, "failed", "failed")
        if self[name].requests.removeValue(forKey: id) != nil {
            cancelRunning(id, name)
        } else if isPermanent || job.failures >= maximum {
            bury(id, name)
            saw(.buried)
        }
    }

    /// The time until a token that jobs wait for.
    private mutating func claim(
        _ turn: Turn, _ name: String, worker: String, lease: Int64, lapsed: Int, _ reply: inout ModelTurnReply
    ) -> Int64? {
        var left = self[name].limit.map { $0 - self[name].leases.count } ?? .max
        var tokens = self[name].bucket.left(now)
        if let tokens { left = min(left, Int(tokens.rounded(.down))) }
        let count = reply.isLimited ? min(min(turn.claim, turn.free), left) : turn.claim
        if reply.isLimited, count < turn.claim { saw(.limited) }
        var suspects: [String] = []
        var popped: [String] = []
        if count > 0 {
            suspects = self[name].list("suspect")
            if !suspects.isEmpty, turn.isIdle {
                popped = Array(suspects.prefix(1))
                reply.solo = 1
                saw(.alone)
                self[name].soloUntil = nil
            } else if !suspects.isEmpty, self[name].soloUntil == nil {
                let until = now + lease
                self[name].soloUntil = until
                reply.solo = 2
                saw(.emptied)
            } else {
                popped = Array((0...2).flatMap { self[name].list("p\($0)") }.prefix(count))
            }
        }
        for id in popped {
            guard self[name].marks.removeValue(forKey: id) == nil else {
                saw(.markDropped)
                continue
            }
            saw(.claimed)
            let expiry = now + lease
            self[name].epoch += 1
            let epoch = self[name].epoch
            self[name].jobs[id]?.place = .leased(epoch: epoch, expiry: expiry)
            reply.claimed.append(self[name].claimed(id, epoch))
            left -= left == .max ? 0 : 1
            if let job = self[name].jobs[id] { started(name, id, job) }
        }
        let moment = now
        self[name].bucket.take(reply.claimed.count, now: moment)
        tokens = tokens.map { $0 - Double(reply.claimed.count) }
        let queue = self[name]
        var rest = reply.solo == 1 ? suspects.count > 1 : reply.solo == 0 && !suspects.isEmpty && lapsed > 0
        rest = rest && left > 0
        var tokenWait: Int64?
        if !rest, reply.isLimited || reply.solo != 0 || (count > 0 && popped.count == count) {
            let waits = (0...2).contains { !queue.list("p\($0)").isEmpty }
            let hasSuspects = !queue.list("suspect").isEmpty
            if left > 0 {
                rest = waits || (turn.claim == 0 && hasSuspects)
            } else if let tokens, tokens < 1, queue.limit.map({ $0 > queue.leases.count }) ?? true,
                waits || hasSuspects
            {
                let hasPlaces = min(turn.claim, turn.free) > reply.claimed.count
                tokenWait = awaitToken(name, worker: worker, tokens: tokens, hasPlaces: hasPlaces)
            }
        }
        if rest {
            reply.isMoreLeft = true
            self[name].isHinted = true
        }
        return tokenWait
    }
}

extension ModelQueue {
    func claimed(_ id: String, _ epoch: Int64) -> ModelTurnReply.Claimed {
        let job = jobs[id]
        return ModelTurnReply.Claimed(
            id: id, epoch: epoch, failures: job?.failures ?? 0, lapses: job?.lapses ?? 0,
            envelope: job?.envelope ?? [])
    }
}
