internal import Synchronization

/// One queue in one worker: what it holds, runs, and has to report.
///
/// All decisions are taken under one lock and no call goes out from under it.
final class QueueRunner: Sendable {
    /// What the pump does next.
    enum Step: Sendable {
        case turn(Turn)
        case wait(hasPlaces: Bool)
        case finished
    }

    /// A lease that the worker holds, until a turn settled it.
    ///
    /// A class, so that a change of it costs no copy. Unchecked: its variables are touched under the queue's lock only.
    final class Holding: @unchecked Sendable {
        let claim: Claim
        let claimedAt: ContinuousClock.Instant
        /// Time sent of the last renewal + lease − margin: nothing of the job goes on after it.
        var deadline: ContinuousClock.Instant
        var startedAt: ContinuousClock.Instant?
        var slot: Slot?
        var stop: StopReason?
        var stoppedAt: ContinuousClock.Instant?
        /// Its end is on the way to Redis.
        var isEnding = false
        var hadProgress = false

        init(claim: Claim, claimedAt: ContinuousClock.Instant, deadline: ContinuousClock.Instant) {
            self.claim = claim
            self.claimedAt = claimedAt
            self.deadline = deadline
        }

        func ending(_ outcome: Outcome) -> Ending {
            var ending = claim.ending(outcome)
            if hadProgress { ending.flags.insert(.hadProgress) }
            return ending
        }
    }

    struct State: Sendable {
        var inbox: [Int64] = []
        var inboxHead = 0
        var outbox: [Ending] = []
        var holdings: [Int64: Holding] = [:]
        var slots = 0
        var turnNumber: Int64 = 0
        var mayHaveWork = true
        var nextLook: ContinuousClock.Instant?
        var meanRun: Double?
        var ranNanoseconds: Int64 = 0
        var isStalled = false
        var isDraining = false
        /// An operator wants it to claim nothing.
        var isQuiet = false
        /// The layout in Redis is another one: what is held can be settled, nothing more is claimed.
        var isOutdated = false
        /// A limit holds: nothing is claimed ahead.
        var isLimited = false
        var look: Int64 = 0
        /// Handlers that ignored their cancellation, ever and still running.
        var abandoned = 0
        var stuck = 0
        /// Claims that were lost before their end.
        var lost = 0

        /// What the turns under way ask for.
        var claiming = 0
        /// The last turn claimed a full batch and left more.
        var isBacklogged = false

        var waiting: Int { inbox.count - inboxHead }
        var running: Int = 0

        mutating func popInbox() -> Int64? {
            guard inboxHead < inbox.count else { return nil }
            let epoch = inbox[inboxHead]
            inboxHead += 1
            if inboxHead == inbox.count {
                inbox.removeAll(keepingCapacity: true)
                inboxHead = 0
            }
            return epoch
        }
    }

    let index: Int
    let queue: WorkerQueue
    let lease: Duration
    let margin: Duration
    let abandonAfter: Duration
    let gate: WorkerGate
    let metrics: QueueInstruments
    /// What its running jobs reported and Redis does not know yet.
    let progress: ProgressBoard
    /// Who gets the places of the process, if it has fewer than its queues together.
    let board: PlaceBoard?
    /// Makes all pumps look again; called when what the gate waits for may have come.
    let pokeAll: @Sendable () -> Void
    let signal = Signal()
    let state = Mutex(State())

    init(
        index: Int, queue: WorkerQueue, configuration: JobWorkerConfiguration, gate: WorkerGate,
        metrics: QueueInstruments? = nil, places board: PlaceBoard? = nil, pokeAll: @escaping @Sendable () -> Void
    ) {
        self.index = index
        self.pokeAll = pokeAll
        self.queue = queue
        self.gate = gate
        self.metrics = metrics ?? QueueInstruments(queue.name)
        progress = ProgressBoard(queue: queue.name)
        self.board = board
        lease = configuration.lease
        margin = configuration.margin
        abandonAfter = configuration.abandonAfter
    }

    /// Work may be there: ask for it at the next chance.
    func hint() {
        state.withLock { $0.mayHaveWork = true }
        signal.fire()
    }

    func drain() {
        state.withLock { $0.isDraining = true }
        signal.fire()
    }

    /// What 5 ms of the measured running time take, at most three batches: one runs, one is claimed and one on its way.
    private func prefetch(_ state: State) -> Int {
        guard queue.prefetches, board == nil, !state.isStalled, !state.isLimited, let mean = state.meanRun else {
            return 0
        }
        return Int(min(Double(3 * Turn.maximumClaim), 0.005 * Double(queue.concurrency) / max(mean, 1e-7)))
    }

    /// How many jobs to claim, and how many of them have a free place.
    private func places(_ state: State) -> (all: Int, free: Int) {
        guard !state.isDraining, !state.isQuiet, !state.isOutdated else { return (0, 0) }
        switch gate.phase {
        case .open:
            let free = queue.concurrency - state.waiting - state.running - state.claiming
            return (min(Turn.maximumClaim, max(0, free + prefetch(state))), min(Turn.maximumClaim, max(0, free)))
        case .emptying(let emptied, _):
            return emptied == index && gate.isEmpty ? (1, 1) : (0, 0)
        case .solo:
            return (0, 0)
        }
    }

    var isBacklogged: Bool { state.withLock { $0.isBacklogged } }

    /// - Parameters:
    ///   - lane: a turn goes on a lane of its own; without a free one there is none.
    ///   - isFirst: whether no other turn is under way. A second one goes only in a backlog, and if it is worth its cost.
    func nextStep(lane: Int? = 0, isFirst: Bool = true) -> Step {
        state.withLock { state in
            if state.isDraining { releaseInbox(&state) }
            var (places, free) = places(state)
            guard let lane, isFirst || isWorthwhile(state, places) else { return .wait(hasPlaces: places > 0) }
            let isEmptied = if case .emptying = gate.phase { places > 0 } else { false }
            var hasPlaces = places > 0
            var mayAsk = hasPlaces && (state.mayHaveWork || isEmptied)
            if let board {
                let wants = state.mayHaveWork || isEmptied ? free : 0
                (free, hasPlaces) = board.take(index, room: free, wants: wants)
                places = free
                mayAsk = free > 0
            }
            if !state.outbox.isEmpty || mayAsk {
                let endings = takeEndings(&state)
                state.turnNumber += 1
                if places > 0 { state.mayHaveWork = false }
                state.claiming += places
                let ran = state.ranNanoseconds / 1000
                state.ranNanoseconds = 0
                return .turn(
                    Turn(
                        number: state.turnNumber, lane: lane, endings: endings, claim: places, free: free,
                        isIdle: places > 0 && isFirst && gate.isEmpty, ranMicroseconds: ran, look: state.look))
            }
            if state.isDraining && state.holdings.isEmpty { return .finished }
            return .wait(hasPlaces: hasPlaces)
        }
    }

    /// Whether a second turn is: half a batch to settle or to claim.
    private func isWorthwhile(_ state: State, _ places: Int) -> Bool {
        state.isBacklogged && board == nil && !state.isDraining && !state.isLimited && gate.isOpen
            && max(places, state.outbox.count) >= Turn.maximumClaim / 2
    }

    /// A turn is over, whatever came of it.
    func landed(_ turn: Turn) {
        state.withLock { $0.claiming -= turn.claim }
    }

    /// As many as a turn may have, and at least one.
    private func takeEndings(_ state: inout State) -> [Ending] {
        var count = 0
        var bytes = 0
        var jobs = 0
        for ending in state.outbox.prefix(Turn.maximumEndings) {
            bytes += ending.byteCount
            jobs += ending.jobCount
            if count > 0, bytes > Turn.maximumBytes || jobs > JobQueue.maximumBatch { break }
            count += 1
        }
        let endings = Array(state.outbox.prefix(count))
        state.outbox.removeFirst(count)
        return endings
    }

    /// Takes over what a turn answered: what is settled, what was claimed, and what of it ends at once.
    func apply(_ reply: TurnReply, to turn: Turn, claims: [Claim], endings: [Ending], sent: ContinuousClock.Instant) {
        state.withLock { state in
            for (position, ending) in turn.endings.enumerated() {
                if case .refused(let code) = reply.problems[position] {
                    state.outbox.append(ending.failed(code))
                } else {
                    state.holdings[ending.epoch] = nil
                }
            }
            let now = ContinuousClock.now
            for claim in claims {
                state.holdings[claim.epoch] = Holding(
                    claim: claim, claimedAt: now, deadline: sent + lease - margin)
                if claim.isSolo {
                    state.inbox.insert(claim.epoch, at: state.inboxHead)
                } else {
                    state.inbox.append(claim.epoch)
                }
            }
            gate.hold(claims.count)
            let isEmpty = !reply.isMoreLeft && claims.count < turn.claim
            board?.giveBack(index, turn.claim - claims.count, isEmpty: isEmpty)
            state.outbox += endings
            if reply.isMoreLeft { state.mayHaveWork = true }
            state.isBacklogged = reply.isMoreLeft && reply.claimed.count >= Turn.maximumClaim / 2
            state.isLimited = reply.isLimited
            state.look = reply.look
            if reply.otherLayout != nil { state.isOutdated = true }
            state.nextLook = reply.next.map { now + $0 }
        }
    }

    /// How many slots to start for what waits; they are counted from here on.
    func slotsToStart() -> Int {
        state.withLock { state in
            guard let epoch = startable(&state), let claim = state.holdings[epoch]?.claim,
                // A slot that the gate refuses would end at once and be started again: whoever opens it pokes.
                gate.admits(isSolo: claim.isSolo)
            else { return 0 }
            let count = max(0, min(claim.isSolo ? 1 : state.waiting, queue.concurrency - state.slots))
            state.slots += count
            return count
        }
    }

    /// Reports what a slot ended and hands it the next job; `nil` ends the slot.
    ///
    /// - Parameter now: the start of the next job.
    func exchange(
        _ slot: Slot, ended: (epoch: Int64, outcome: Outcome, ran: Duration)?, now: ContinuousClock.Instant = .now
    ) -> Claim? {
        var mustReport = false
        let (claim, wasRefused): (Claim?, Bool) = state.withLock { state in
            // What comes back from an abandoned attempt no longer counts, and another slot has its place.
            guard !slot.isAbandoned else {
                state.stuck -= 1
                return (nil, false)
            }
            var isRetired = false
            if let ended {
                isRetired = finish(ended, &state)
                mustReport = true
                gate.ended()
            }
            guard !isRetired, let epoch = startable(&state) else {
                state.slots -= 1
                return (nil, false)
            }
            guard let holding = state.holdings[epoch], gate.tryStart(queue: index, isSolo: holding.claim.isSolo) else {
                state.slots -= 1
                return (nil, true)
            }
            _ = state.popInbox()
            state.running += 1
            holding.startedAt = now
            holding.slot = slot
            return (holding.claim, false)
        }
        if mustReport { signal.fire() }
        if mustReport || wasRefused, !gate.isOpen { pokeAll() }
        return claim
    }

    private func startable(_ state: inout State) -> Int64? {
        guard !state.isDraining, state.waiting > 0 else { return nil }
        return state.inbox[state.inboxHead]
    }

    /// Returns whether the slot was cancelled and takes no more.
    private func finish(_ ended: (epoch: Int64, outcome: Outcome, ran: Duration), _ state: inout State) -> Bool {
        guard let holding = state.holdings[ended.epoch], !holding.isEnding else { return true }
        state.isStalled = false
        let seconds = Double(ended.ran.components.seconds) + Double(ended.ran.components.attoseconds) * 1e-18
        state.meanRun = state.meanRun.map { $0 + (seconds - $0) / 8 } ?? seconds
        state.running -= 1
        letGo(1)
        if case .completed = ended.outcome { state.ranNanoseconds += Int64(seconds * 1e9) }
        holding.isEnding = true
        state.outbox.append(holding.ending(ended.outcome))
        if holding.claim.isSolo { soloEnded() }
        return holding.stop != nil
    }

    /// From the youngest, so that the head of the queue has the old order again.
    private func releaseInbox(_ state: inout State) {
        for epoch in state.inbox[state.inboxHead...].reversed() {
            release(epoch, &state)
            letGo(1)
        }
        state.inbox.removeAll()
        state.inboxHead = 0
    }

    /// Claims that end without having run, or that have: others may have their places.
    func letGo(_ count: Int) {
        gate.letGo(count)
        board?.giveBack(index, count)
    }

    func soloEnded() {
        gate.open()
        pokeAll()
    }

    func release(_ epoch: Int64, _ state: inout State) {
        guard let holding = state.holdings[epoch] else { return }
        holding.isEnding = true
        state.outbox.append(holding.ending(.released(list: holding.claim.list)))
    }
}

extension Claim {
    func ending(_ outcome: Outcome) -> Ending {
        Ending(
            id: id, epoch: epoch, outcome: outcome, header: header, failures: failures,
            backoff: handler.options.backoff, flags: EndingFlags(envelope: envelope.bytes))
    }
}
