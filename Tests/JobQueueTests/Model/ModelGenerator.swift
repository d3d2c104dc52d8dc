@testable import JobQueue
import RedisClient

/// Numbers that a seed fixes (SplitMix64).
struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        // Neighbours must not be shifted copies of each other, so the step is not what tells them apart.
        state = seed &* 0xD1B5_4A32_D192_ED03
        state = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    /// Whether something of this percentage happens.
    mutating func happens(_ percent: Int) -> Bool { below(100) < percent }
}

/// Makes the steps of a seed: producers, workers, operators and time, with everything that goes wrong on the way.
///
/// It runs a model of its own to know what workers hold; nothing of it reads a clock or talks to Redis.
struct ModelGenerator {
    static let start: Int64 = 1_700_000_000_000
    static let limits = JobQueue.Limits(completed: 6, dead: 3)
    static let lease: Int64 = 1_000
    static let queues = ["a", "b"]

    private struct Worker {
        var id: String
        var number: Int64 = 0
        var held: [String: [ModelTurnReply.Claimed]] = [:]
        /// Claims that have reported, as `id:epoch`.
        var reported: Set<String> = []
        /// By lane: sent, but its answer was lost; to be repeated before anything else goes there.
        var unanswered: [Int: ModelOperation] = [:]
        var sent: [ModelOperation] = []
        var isIdle: Bool { held.values.allSatisfy(\.isEmpty) }
    }

    var random: SeededRandom
    var model = Model(now: start, limits: limits)
    private var workers: [Worker] = []
    private var workerCount = 0
    /// Claims that were lost, forgotten or settled: their owners may come back late.
    private var ghosts: [(queue: String, claimed: ModelTurnReply.Claimed)] = []
    private var operations: [ModelOperation] = []

    static func operations(seed: UInt64, count: Int) -> [ModelOperation] {
        var generator = ModelGenerator(random: SeededRandom(seed: seed))
        for _ in 0..<3 { generator.addWorker() }
        while generator.operations.count < count { generator.step() }
        return generator.operations
    }

    private init(random: SeededRandom) {
        self.random = random
    }

    private mutating func addWorker() {
        workerCount += 1
        workers.append(Worker(id: "w\(workerCount)"))
    }

    mutating func emit(_ operation: ModelOperation) {
        operations.append(operation)
        _ = model.apply(operation)
    }

    private mutating func step() {
        switch random.below(200) {
        case ..<20: emit(.advance(Int64(random.below(300))))
        case ..<25: emit(.advance(Self.lease + Int64(random.below(2_000))))
        case ..<26: emit(.advance(random.happens(70) ? 40_000 : 700_000))
        case ..<60: produce()
        case ..<134: work()
        case ..<139: report()
        case ..<150: cron()
        case ..<167: beat()
        case ..<171: crash()
        case ..<198: operate()
        default: emit(.takeHint(queue: queue()))
        }
    }

    mutating func queue() -> String { random.happens(75) ? "a" : "b" }

    mutating func jobs(_ count: Int) -> [PreparedJob] { (0..<count).map { _ in job() } }

    /// Running jobs say how far they are; now and then one that lost its lease does.
    private mutating func report() {
        let index = random.below(workers.count)
        let queue = queue()
        var claims = workers[index].held[queue] ?? []
        if let ghost = ghosts.last(where: { $0.queue == queue }), !claims.contains(ghost.claimed) {
            claims.append(ghost.claimed)
        }
        guard !claims.isEmpty else { return }
        workers[index].reported.formUnion(claims.map { "\($0.id):\($0.epoch)" })
        let reports = claims.map {
            ModelOperation.Report(
                id: $0.id, epoch: $0.epoch, fraction: ["", "0.5"][random.below(2)], message: "m\(random.below(9))")
        }
        emit(.report(reports, queue: queue))
    }

    /// Opens a batch, or goes on with one, now and then out of turn.
    private mutating func batch() {
        let id = "b\(random.below(6))"
        let known = model.batches[id]
        let part = ModelOperation.BatchPart(
            id: id, first: random.happens(85) ? known?.next ?? 0 : random.below(4), isLast: random.happens(60),
            onSuccess: random.happens(50) ? job() : nil, onComplete: random.happens(50) ? job() : nil,
            jobs: jobs(random.below(4)).map { $0.joining(batch: BatchID(id)) })
        emit(.batch(part))
        if random.happens(20) { emit(.batch(part)) }
    }

    private mutating func produce() {
        if random.happens(15) { return batch() }
        let operation = ModelOperation.enqueue(random.happens(40) ? plainJobs() : jobs(1 + random.below(4)))
        emit(operation)
        // The answer was lost: the producer repeats.
        if random.happens(20) { emit(operation) }
    }

    private mutating func work() {
        let index = random.below(workers.count)
        let lane = random.happens(30) ? 1 : 0
        if let repeated = workers[index].unanswered.removeValue(forKey: lane) { return send(repeated, by: index) }
        let queue = queue()
        workers[index].number += 1
        var endings: [Ending] = []
        for claimed in workers[index].held[queue] ?? [] where random.happens(60) {
            endings.append(ending(claimed, by: workers[index]))
        }
        if !ghosts.isEmpty, random.happens(25) {
            let ghost = ghosts[random.below(ghosts.count)]
            let isTaken = endings.contains { $0.id.rawValue == ghost.claimed.id && $0.epoch == ghost.claimed.epoch }
            if ghost.queue == queue, !isTaken { endings.append(ending(ghost.claimed, by: workers[index])) }
        }
        let claim = random.below(6)
        let wasIdle = workers[index].isIdle
        let turn = Turn(
            number: workers[index].number, lane: lane, endings: endings, claim: claim, free: random.below(claim + 1),
            isIdle: wasIdle || random.happens(10), ranMicroseconds: 10)
        send(.turn(turn, queue: queue, worker: workers[index].id, lease: Self.lease), by: index)
    }

    /// Sends a turn, and reads its answer unless it is lost.
    private mutating func send(_ operation: ModelOperation, by index: Int) {
        guard case .turn(let turn, let queue, let worker, let lease) = operation else { return }
        // A copy of an earlier one that was long on its way comes first.
        if let late = workers[index].sent.randomElement(using: &random), random.happens(5) { emit(late) }
        workers[index].sent.append(operation)
        operations.append(operation)
        let reply = model.turn(turn, queue: queue, worker: worker, lease: lease)
        guard !random.happens(15) else {
            workers[index].unanswered[turn.lane] = operation
            return
        }
        var held = workers[index].held[queue] ?? []
        for (position, ending) in turn.endings.enumerated() {
            // What was refused is still held, and fails next.
            if reply.problems[position]?.hasPrefix("refused") == true { continue }
            held.removeAll { $0.id == ending.id.rawValue && $0.epoch == ending.epoch }
        }
        held += reply.claimed.filter { !held.contains($0) }
        workers[index].held[queue] = held
        ghosts += reply.claimed.map { (queue, $0) }
        if ghosts.count > 12 { ghosts.removeFirst(ghosts.count - 12) }
    }

    private mutating func ending(_ claimed: ModelTurnReply.Claimed, by worker: Worker) -> Ending {
        let header = Envelope(claimed.envelope)?.header
        var flags = EndingFlags(envelope: claimed.envelope)
        if worker.reported.contains("\(claimed.id):\(claimed.epoch)") { flags.insert(.hadProgress) }
        return Ending(
            id: JobID(claimed.id), epoch: claimed.epoch, outcome: outcome(claimed, header), header: header,
            failures: claimed.failures, backoff: Backoff(), flags: flags)
    }

    private mutating func outcome(_ claimed: ModelTurnReply.Claimed, _ header: EnvelopeHeader?) -> Outcome {
        guard let header else { return .failed(delay: .zero, isPermanent: true, message: "no envelope") }
        switch random.below(100) {
        case ..<30: return .completed(.done)
        case ..<50: return .completed(completion(claimed.id))
        case ..<75:
            return .failed(
                delay: .milliseconds(random.below(800)), isPermanent: random.happens(25), message: "failed")
        case ..<78: return .cancelled(reason: "stop")
        case ..<87: return .released(list: claimed.lapses > 0 ? "suspect" : "p\(header.priority.rawValue)")
        default: return .parked(type: "\(header.name)@\(header.version)")
        }
    }

    private mutating func completion(_ id: String) -> Completion {
        var completion = Completion(result: random.happens(30) ? "result" : nil)
        if random.happens(70) {
            let jobs = jobs(random.below(2))
            completion.effects.append(Effect("tally", arguments: [RedisArgument(id)], jobs: jobs))
        }
        if random.happens(10) { completion.effects.append(Effect("refuse")) }
        if random.happens(10) { completion.effects.append(Effect("break")) }
        if random.happens(40) { completion.followUps = jobs(1) }
        return completion
    }

    private mutating func beat() {
        let index = random.below(workers.count)
        let queue = queue()
        var claims = (workers[index].held[queue] ?? []).map { ModelOperation.Claimed(id: $0.id, epoch: $0.epoch) }
        if let ghost = ghosts.last(where: { $0.queue == queue }) {
            let claim = ModelOperation.Claimed(id: ghost.claimed.id, epoch: ghost.claimed.epoch)
            if !claims.contains(claim) { claims.append(claim) }
        }
        let types =
            random.happens(40)
            ? [
                "brief@1", "kept@1", "new@2", "pending@1", "periodic@1", "steady@1", "unfinished@1",
            ] : ["steady@1"]
        emit(.beat(queue: queue, claims: claims, types: types, lease: Self.lease))
    }

    /// A worker dies with what it holds, and another one starts.
    private mutating func crash() {
        workers.remove(at: random.below(workers.count))
        addWorker()
    }

    private mutating func operate() {
        let queue = queue()
        switch random.below(10) {
        case 0 where random.happens(60): emit(.limit(someLimits(), queue: queue))
        case 0: emit(.pause(queue: queue))
        case ..<4: emit(.resume(queue: queue))
        case ..<7:
            let isDead = random.happens(70)
            let id = known(queue) { job in
                if case .dead = job.place { return isDead }
                if case .due = job.place { return !isDead }
                return false
            }
            emit(.operate(isDead ? .retry : .runNow, queue: queue, id: id))
        case ..<8:
            let id = known(queue) { job in
                guard case .leased = job.place else { return false }
                return true
            }
            emit(.operate(random.happens(50) ? .kill(reason: nil) : .delete, queue: queue, id: id))
        default: emit(.operate(operation(queue), queue: queue, id: known(queue) { _ in true }))
        }
    }

    private mutating func someLimits() -> QueueLimits {
        QueueLimits(
            concurrency: random.happens(50) ? 1 + random.below(3) : nil,
            rate: random.happens(40)
                ? .init(1 + random.below(3), per: .milliseconds(100 + random.below(400)), burst: 1 + random.below(3))
                : nil)
    }

    private mutating func operation(_ queue: String) -> JobOperation {
        switch random.below(10) {
        case ..<2: .delete
        case ..<4: .cancel(reason: nil)
        case 4: .kill(reason: nil)
        case 5: .edit(payload: #"{"edited":\#(random.below(9))}"#)
        case 6: .retry
        default: .move(to: queue == "a" ? "b" : "a")
        }
    }

    /// A job that the queue has and that is of a kind; some other id if there is none, or now and then.
    private mutating func known(_ queue: String, _ isWanted: (ModelJob) -> Bool) -> String {
        let ids = model[queue].jobs.filter { isWanted($0.value) }.keys.sorted()
        return ids.isEmpty || random.happens(10) ? "j\(random.below(20))" : ids[random.below(ids.count)]
    }
}
