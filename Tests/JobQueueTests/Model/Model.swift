@testable import JobQueue

/// The queue as a state machine without I/O: what `Lua/` promises to do, said a second time in another way.
///
/// A job is one value with one place, so that "in exactly one place" holds by construction; the replay compares that
/// with what the scripts leave in Redis. Time is a number that the caller sets.
struct Model {
    var now: Int64
    var queues: [String: ModelQueue] = [:]
    /// What the effect `tally` counted, by its argument.
    var tally: [String: Int] = [:]
    /// Timelines by tag.
    var tags: [String: [String]] = [:]
    var batches: [String: ModelBatch] = [:]
    /// Batches that do not last and until when they are kept.
    var batchEnds: [String: Int64] = [:]
    /// Periodic entries.
    var entries: [String: ModelEntry] = [:]
    /// What a worker's latest turn answered, by its key.
    var memories: [String: Memory] = [:]
    /// How often what happened, so that a test can see that nothing was left out.
    var seen: [Event: Int] = [:]
    let limits: JobQueue.Limits

    /// What can happen to a job.
    enum Event: String, CaseIterable, Sendable {
        case enqueued, duplicate, claimed, completed, effect, refused, broken, failed, buried, released, parked,
            unparked
        case stale, repeated, outdated, renewed, lost, lapsed, suspected, emptied, alone, markDropped, promoted, paused,
            retried
        case uniqueHeld, noted, batchFinished, limited, plain, rated, promised, reported, unreported
        case declared, ticked, tickRefused, ranByHand, entryForgotten
        case deleted, remembered, forgotten, cancelled, killed, edited, moved, revivedInPlace, refusedOperation, stopped
    }

    struct Memory {
        var number: Int64
        var problems: [Int: String]
        var claims: [(id: String, epoch: Int64)]
        var solo: Int
        var isLimited: Bool
    }

    mutating func saw(_ event: Event, _ times: Int = 1) {
        if times > 0 { seen[event, default: 0] += times }
    }

    init(now: Int64, limits: JobQueue.Limits) {
        self.now = now
        self.limits = limits
    }

    subscript(queue: String) -> ModelQueue {
        get { queues[queue] ?? ModelQueue() }
        set { queues[queue] = newValue }
    }

    /// Time passes; what Redis forgets by itself is forgotten.
    mutating func advance(_ milliseconds: Int64) {
        now += milliseconds
        let moment = now
        for name in queues.keys {
            if let until = queues[name]?.soloUntil, until <= moment { queues[name]?.soloUntil = nil }
            let periods = self[name].periods.filter { $0.value.until > moment }
            queues[name]?.periods = periods
        }
    }
}

/// One queue of the model.
struct ModelQueue {
    /// Live and dead jobs.
    var jobs: [String: ModelJob] = [:]
    /// Where in lists ids still lie whose jobs were taken away: taking them out would cost the list.
    var marks: [String: ModelJob.Place] = [:]
    /// Ended ids and until when they are remembered.
    var done: [String: Int64] = [:]
    /// Ids with a result and until when it is kept.
    var kept: [String: Int64] = [:]
    var results: [String: String] = [:]
    /// Running jobs that were asked to stop, and why.
    var requests: [String: String] = [:]
    var epoch: Int64 = 0
    var pausedAt: Int64?
    /// The most leases.
    var limit: Int?
    /// The bucket of a rate, as it lies in Redis.
    var bucket = ModelBucket()
    /// What running jobs reported.
    var progress: [String: String] = [:]
    /// Locks by their digest and who holds them.
    var locks: [String: String] = [:]
    /// Locks for a period.
    var periods: [String: (id: String, until: Int64)] = [:]
    /// Until when a worker may empty itself for a suspect.
    var soloUntil: Int64?
    var isHinted = false

    /// Positions in lists: the tail grows upwards, the head downwards.
    private var tail = 0
    private var head = 0

    mutating func nextTail() -> Int {
        tail += 1
        return tail
    }

    mutating func nextHead() -> Int {
        head -= 1
        return head
    }

    /// Ids in a list, in the order of their claims.
    func list(_ name: String) -> [String] {
        scored { id, place in
            guard case .list(name, let position) = place else { return nil }
            return (id, Int64(position))
        }
        .map(\.id)
    }

    /// Ids and scores of what is in a place with a time, as a sorted set orders them.
    private func scored(_ time: (String, ModelJob.Place) -> (member: String, score: Int64)?) -> [ModelScore] {
        func score(_ id: String, _ place: ModelJob.Place) -> ModelScore? {
            time(id, place).map { ModelScore(id: id, member: $0.member, score: $0.score) }
        }
        return (jobs.compactMap { score($0, $1.place) } + marks.compactMap { score($0, $1) }).sorted()
    }

    var leases: [ModelScore] {
        scored { id, place in
            guard case .leased(let epoch, let expiry) = place else { return nil }
            return ("\(id):\(epoch)", expiry)
        }
    }

    var due: [ModelScore] {
        scored { id, place in
            guard case .due(let at) = place else { return nil }
            return (id, at)
        }
    }

    var dead: [ModelScore] {
        scored { id, place in
            guard case .dead(let at) = place else { return nil }
            return (id, at)
        }
    }

    /// Parked ids of a type, in the set's order.
    func parked(_ type: String) -> [String] {
        scored { id, place in place == .parked(type) ? (id, 0) : nil }.map(\.id)
    }

    func holds(_ id: String, _ epoch: Int64) -> Bool {
        guard case .leased(epoch, _) = jobs[id]?.place else { return false }
        return true
    }
}

/// A member of a sorted set; equal scores go by the bytes of the members, which are ASCII here.
struct ModelScore: Comparable {
    let id: String
    let member: String
    let score: Int64

    static func < (a: ModelScore, b: ModelScore) -> Bool {
        a.score != b.score ? a.score < b.score : a.member < b.member
    }
}

/// A job of the model.
struct ModelJob {
    enum Place: Equatable {
        /// `p0`, `p1`, `p2` or `suspect`.
        case list(String, position: Int)
        case leased(epoch: Int64, expiry: Int64)
        case due(Int64)
        case parked(String)
        case dead(Int64)
    }

    /// The whole envelope as it lies in Redis.
    var envelope: [UInt8]
    let header: EnvelopeHeader
    var place: Place
    var failures = 0
    var lapses = 0
    /// `f`, `l` or `c` and when, at most the ten latest.
    var troubles: [String] = []
    var isDead: Bool {
        if case .dead = place { return true }
        return false
    }

    /// The list it waits in: who lapsed runs alone.
    var list: String { lapses > 0 ? "suspect" : "p\(header.priority.rawValue)" }

    mutating func note(_ kind: String, _ now: Int64) {
        troubles.append("\(kind)@\(now)")
        if troubles.count > 10 { troubles.removeFirst() }
    }
}
