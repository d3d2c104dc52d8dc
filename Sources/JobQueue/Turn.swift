internal import RedisClient

/// One call of `Lua/turn.lua`: what ended, and how many to claim.
struct Turn: Sendable {
    /// The largest batch that is claimed or settled at once; it bounds the time that a script holds Redis.
    static let maximumClaim = 128
    static let maximumEndings = 256
    /// The most bytes of arguments that a turn gathers; one ending alone may have more.
    static let maximumBytes = 8 << 20

    let number: Int64
    /// Which of the turns that a worker may have under way at once; each has a memory of its own in Redis.
    let lane: Int
    /// Plain completions first, in groups of the same window: the order in which the script numbers its problems.
    let endings: [Ending]
    /// The groups of plain completions: their window in milliseconds, and where they lie in ``endings``.
    private let groups: [(window: Int64, range: Range<Int>)]
    let claim: Int
    /// How many of the claims there are free places for; a limited queue is not claimed ahead.
    let free: Int
    let isIdle: Bool
    let ranMicroseconds: Int64
    /// The look interval that the last turn answered, in milliseconds.
    let look: Int64

    init(
        number: Int64, lane: Int = 0, endings: [Ending], claim: Int, free: Int? = nil, isIdle: Bool,
        ranMicroseconds: Int64,
        look: Int64 = 0
    ) {
        self.number = number
        self.lane = lane
        (self.endings, groups) = Self.grouped(endings)
        self.claim = claim
        self.free = free ?? claim
        self.isIdle = isIdle
        self.ranMicroseconds = ranMicroseconds
        self.look = look
    }

    /// Nearly always all endings are plain and have the same window.
    private static func grouped(_ endings: [Ending]) -> ([Ending], [(window: Int64, range: Range<Int>)]) {
        guard let first = endings.first else { return ([], []) }
        if endings.allSatisfy({ $0.isPlain && $0.window == first.window }) {
            return (endings, [(first.window, endings.indices)])
        }
        var ordered: [Ending] = []
        var groups: [(window: Int64, range: Range<Int>)] = []
        for window in Set(endings.lazy.filter(\.isPlain).map(\.window)).sorted() {
            let start = ordered.count
            ordered += endings.lazy.filter { $0.isPlain && $0.window == window }
            groups.append((window, start..<ordered.count))
        }
        return (ordered + endings.filter { !$0.isPlain }, groups)
    }

    func arguments(
        queue: String, worker: String, lease: Duration, limits: JobQueue.Limits
    ) -> [RedisArgument] {
        let plain = groups.last?.range.upperBound ?? 0
        var result: [RedisArgument] = []
        result.reserveCapacity(16 + endings.count * 2)
        result.append(RedisArgument(queue))
        result.append(RedisArgument(worker))
        result.append(RedisArgument(number))
        result.append(RedisArgument(lease.milliseconds))
        result.append(RedisArgument(claim))
        result.append(RedisArgument(free))
        result.append(isIdle ? "idle" : "busy")
        result.append(RedisArgument(limits.completed))
        result.append(RedisArgument(limits.dead))
        result.append(RedisArgument(ranMicroseconds))
        result.append(RedisArgument(JobQueue.schemaVersion))
        result.append(RedisArgument(look))
        result.append(RedisArgument(lane))
        result.append(RedisArgument(groups.count))
        for (window, range) in groups {
            result.append(RedisArgument(window))
            result.append(RedisArgument(range.count))
            for ending in endings[range] { result.append(RedisArgument(ending.id.rawValue)) }
            for ending in endings[range] { result.append(RedisArgument(ending.member)) }
        }
        result.append(RedisArgument(endings.count - plain))
        for ending in endings.dropFirst(plain) {
            ending.append(to: &result)
        }
        return result
    }
}

extension Ending {
    /// Its member in the set of leases.
    var member: String { "\(id.rawValue):\(epoch)" }

    /// For how long its id is remembered.
    var window: Int64 { header?.windowMilliseconds ?? 0 }

    /// Whether nothing is to be done but to acknowledge it.
    var isPlain: Bool {
        guard case .completed(let completion) = outcome else { return false }
        return completion.isPlain && flags.isEmpty
    }

    /// About how many bytes it takes among a turn's arguments.
    var byteCount: Int {
        guard case .completed(let completion) = outcome, !completion.isPlain else { return 256 }
        return 256 + completion.byteCount
    }

    /// How many jobs it enqueues at most.
    var jobCount: Int {
        guard case .completed(let completion) = outcome else { return 0 }
        return completion.jobCount
    }

    func append(to arguments: inout [RedisArgument]) {
        arguments.append(kind)
        arguments.append(RedisArgument(id.rawValue))
        arguments.append(RedisArgument(epoch))
        arguments.append(RedisArgument(flags.rawValue))
        switch outcome {
        case .completed(let completion):
            arguments.append(RedisArgument(header?.windowMilliseconds ?? 0))
            arguments.append(RedisArgument(header?.retentionMilliseconds ?? 0))
            arguments.append(completion.result == nil ? "0" : "1")
            arguments.append(RedisArgument(completion.result ?? ""))
            arguments.append(RedisArgument(completion.effects.count))
            for effect in completion.effects {
                arguments.append(RedisArgument(effect.name))
                arguments.append(RedisArgument(effect.arguments.count))
                arguments += effect.arguments
                arguments.append(RedisArgument(effect.jobs.count))
                effect.jobs.forEach { $0.append(to: &arguments) }
            }
            arguments.append(RedisArgument(completion.followUps.count))
            completion.followUps.forEach { $0.append(to: &arguments) }
        case .failed(let delay, let isPermanent, let message):
            arguments.append(RedisArgument(max(0, delay.milliseconds)))
            arguments.append(RedisArgument(header?.maximumFailures ?? 1))
            arguments.append(isPermanent ? "1" : "0")
            arguments.append(RedisArgument(message))
        case .released(let list):
            arguments.append(RedisArgument(list))
        case .parked(let type):
            arguments.append(RedisArgument(type))
        case .cancelled(let reason):
            arguments.append(RedisArgument(reason))
        }
    }

    private var kind: RedisArgument {
        switch outcome {
        case .completed: "c"
        case .failed: "f"
        case .released: "r"
        case .parked: "p"
        case .cancelled: "x"
        }
    }
}

/// What `Lua/turn.lua` answers.
struct TurnReply: Sendable {
    enum Problem: Sendable {
        case stale
        case refused(code: String)
        case broken(String)
    }

    struct Claimed: Sendable {
        let id: JobID
        let epoch: Int64
        var failures: Int
        var lapses: Int
        let envelope: [UInt8]
    }

    enum Solo: Int, Sendable {
        case none = 0
        case claimed = 1
        case granted = 2
    }

    /// By position in ``Turn/endings``.
    let problems: [Int: Problem]
    let claimed: [Claimed]
    let isMoreLeft: Bool
    let next: Duration?
    let solo: Solo
    /// Whether a limit holds for the queue, so that nothing is claimed ahead.
    let isLimited: Bool
    /// The layout in Redis, if it is another one: then nothing is claimed.
    let otherLayout: String?
    /// How often to look for work without a hint, in milliseconds.
    let look: Int64
    /// How many leases that ran out the turn took away.
    let lapsed: Int
    /// How long the oldest claimed job that was never tried had waited, in milliseconds.
    let waited: Int64?

    init(_ reply: RESPValue) throws {
        guard let parts = reply.array, parts.count >= 6, let problems = parts[0].array,
            let claimed = parts[1].array, claimed.count == 4, let ids = claimed[1].array,
            let envelopes = claimed[2].array, ids.count == envelopes.count
        else {
            throw JobQueueError(.unexpectedReply, "The turn script answered \(reply).")
        }
        var byPosition: [Int: Problem] = [:]
        for problem in problems {
            guard let position = problem[0].int else { continue }
            let code = problem[2].string ?? ""
            switch problem[1].string {
            case "refused": byPosition[position - 1] = .refused(code: code)
            case "broken": byPosition[position - 1] = .broken(code)
            default: byPosition[position - 1] = .stale
            }
        }
        self.problems = byPosition
        self.claimed = try Self.claims(ids, envelopes, epochs: claimed[0], troubles: claimed[3])
        isMoreLeft = parts[2].int == 1
        next = (parts[3].int).flatMap { $0 >= 0 ? .milliseconds($0) : nil }
        solo = Solo(rawValue: parts[4].int ?? 0) ?? .none
        isLimited = parts[5].int == 1
        otherLayout = reply[6].string.flatMap { $0.isEmpty ? nil : $0 }
        look = Int64(reply[7].int ?? 0)
        lapsed = reply[8].int ?? 0
        waited = reply[9].int.flatMap { $0 >= 0 ? Int64($0) : nil }
    }

    private static func claims(
        _ ids: [RESPValue], _ envelopes: [RESPValue], epochs: RESPValue, troubles: RESPValue
    ) throws -> [Claimed] {
        let first = epochs.int.map { Int64($0) }
        var jobs: [Claimed] = []
        jobs.reserveCapacity(ids.count)
        for index in ids.indices {
            guard let id = ids[index].string, let envelope = envelopes[index].bytes,
                let epoch = first.map({ $0 + Int64(index) }) ?? epochs[index].int.map({ Int64($0) })
            else {
                throw JobQueueError(.unexpectedReply, "The turn script answered a claim of another form.")
            }
            jobs.append(Claimed(id: JobID(id), epoch: epoch, failures: 0, lapses: 0, envelope: envelope))
        }
        guard let troubles = troubles.array else { return jobs }
        for at in stride(from: 0, to: troubles.count - 2, by: 3) {
            guard let position = troubles[at].int, jobs.indices.contains(position - 1) else { continue }
            jobs[position - 1].failures = troubles[at + 1].int ?? 0
            jobs[position - 1].lapses = troubles[at + 2].int ?? 0
        }
        return jobs
    }
}
