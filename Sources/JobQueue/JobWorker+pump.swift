internal import Synchronization
internal import Logging
internal import RedisClient

extension JobWorker {
    /// One queue's loop: settle and claim, start what was claimed, wait.
    ///
    /// In a backlog two turns are under way, so that Redis has the next one when it has answered the last.
    func pump(_ runner: QueueRunner) async {
        await withTaskGroup(of: (turn: Turn, goesOn: Bool).self) { group in
            var freeLanes = [1, 0]
            while true {
                for _ in 0..<runner.slotsToStart() {
                    let slot = Slot()
                    slot.run { await self.runSlot(slot, runner) }
                }
                switch runner.nextStep(lane: freeLanes.last, isFirst: freeLanes.count == 2) {
                case .turn(let turn):
                    board.busy(runner.index, hasPlaces: turn.claim > 0)
                    freeLanes.removeLast()
                    group.addTask { (turn, await self.take(turn, runner)) }
                    if runner.isBacklogged, !freeLanes.isEmpty { continue }
                case .wait(let hasPlaces) where freeLanes.count == 2:
                    if board.rest(runner.index, hasPlaces: hasPlaces, look: runner.nextLook()) {
                        await pokeConnection()
                    }
                    if runner.hasStrandedHint() { await passHintOn(runner) }
                    await runner.signal.wait()
                    continue
                case .finished where freeLanes.count == 2:
                    return
                case .wait, .finished:
                    break
                }
                guard let (turn, goesOn) = await group.next(), goesOn else { return }
                freeLanes.append(turn.lane)
                runner.landed(turn)
            }
        }
    }

    /// Sends a turn until it is answered; `false` when a drain ran out of patience.
    private func take(_ turn: Turn, _ runner: QueueRunner) async -> Bool {
        let arguments = turn.arguments(
            queue: runner.queue.name, worker: id, lease: configuration.lease, limits: queue.limits)
        // What the lease is counted from: a repeat is answered with the claims of the first.
        let sent = ContinuousClock.now
        var pause = RetryPause()
        while true {
            do {
                let reply = try await queue.redis.eval(
                    script, keys: [queue.keys.anchor], arguments: arguments, retry: .safe,
                    timeout: configuration.turnTimeout)
                try apply(TurnReply(reply), to: turn, runner, sent: sent)
                return true
            } catch let error as RedisError where isLasting(error) {
                logger.error(
                    "a turn was refused", metadata: ["queue": "\(runner.queue.name)", "error": "\(error)"])
                await takeSingly(turn, runner, error: error)
                runner.board?.giveBack(runner.index, turn.claim)
                await pause.wait()
                return true
            } catch {
                if work.isCut {
                    logger.warning(
                        "the drain's time is over before Redis answered", metadata: ["queue": "\(runner.queue.name)"])
                    return false
                }
                logger.warning(
                    "a turn is repeated", metadata: ["queue": "\(runner.queue.name)", "error": "\(error)"])
                await pause.wait()
            }
        }
    }

    /// Whether repeating the same request can't help: the script or an argument is at fault.
    private func isLasting(_ error: RedisError) -> Bool {
        guard error.code == .server || error.code == .invalidCommand else { return false }
        let passing: Set<String> = [
            "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS", "MISCONF", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "NOSCRIPT",
            "NOAUTH", "OOM",
        ]
        return !passing.contains(error.serverError?.prefix ?? "")
    }

    /// Finds the ending that a script can't take: each goes alone, and what still fails is a failure of its job.
    private func takeSingly(_ turn: Turn, _ runner: QueueRunner, error: RedisError) async {
        for ending in turn.endings {
            for attempt in [ending, ending.failed("The completion could not be written: \(error)")] {
                let single = runner.singleTurn(attempt, lane: turn.lane)
                let arguments = single.arguments(
                    queue: runner.queue.name, worker: id, lease: configuration.lease, limits: queue.limits)
                do {
                    let reply = try await queue.redis.eval(
                        script, keys: [queue.keys.anchor], arguments: arguments, retry: .safe,
                        timeout: configuration.turnTimeout)
                    try apply(TurnReply(reply), to: single, runner, sent: .now)
                    break
                } catch {
                    logger.error("an ending was refused", metadata: ["job": "\(ending.id)", "error": "\(error)"])
                }
            }
            runner.forget(ending.epoch)
        }
    }

    private func apply(_ reply: TurnReply, to turn: Turn, _ runner: QueueRunner, sent: ContinuousClock.Instant) {
        report(reply, turn, runner, took: sent.duration(to: .now))
        var claims: [Claim] = []
        var endings: [Ending] = []
        var isSolo = reply.solo == .claimed && !reply.claimed.isEmpty
        if isSolo, !gate.close(.solo(queue: runner.index)) {
            // Another queue of this process was first: back to the suspects.
            isSolo = false
            endings = reply.claimed.map { bare($0, .released(list: "suspect")) }
        } else {
            let isLate = sent + configuration.lease - configuration.margin <= .now
            for claimed in reply.claimed {
                if let claim = claim(claimed, isSolo: isSolo, endings: &endings) {
                    if isLate {
                        endings.append(claim.ending(.released(list: claim.list)))
                    } else {
                        claims.append(claim)
                    }
                }
            }
            if isSolo && claims.isEmpty { gate.open() }
        }
        if reply.solo == .granted {
            _ = gate.close(.emptying(queue: runner.index, until: .now + configuration.lease))
            runner.pokeAll()
        } else if turn.claim > 0, gate.endEmptying(queue: runner.index, now: .now) {
            runner.pokeAll()
        }
        if let layout = reply.otherLayout { noteOtherLayout(layout) }
        runner.apply(reply, to: turn, claims: claims, endings: endings, sent: sent)
    }

    /// Reads what was claimed; what can't be run here ends at once, parked or dead.
    private func claim(_ claimed: TurnReply.Claimed, isSolo: Bool, endings: inout [Ending]) -> Claim? {
        guard let envelope = Envelope(claimed.envelope) else {
            endings.append(
                bare(claimed, .failed(delay: .zero, isPermanent: true, message: "The envelope can't be read.")))
            return nil
        }
        let header = envelope.header
        guard let handler = handlers.handlers[JobHandlers.TypeKey(name: header.name, version: header.version)] else {
            logger.info(
                "a job of an unknown type is parked", metadata: ["job": "\(claimed.id)", "type": "\(header.name)"])
            endings.append(bare(claimed, .parked(type: "\(header.name)@\(header.version)")))
            return nil
        }
        return Claim(
            id: claimed.id, epoch: claimed.epoch, failures: claimed.failures, lapses: claimed.lapses,
            envelope: envelope, handler: handler, isSolo: isSolo)
    }

    private func bare(_ claimed: TurnReply.Claimed, _ outcome: Outcome) -> Ending {
        Ending(
            id: claimed.id, epoch: claimed.epoch, outcome: outcome, header: nil, failures: claimed.failures,
            backoff: Backoff(), flags: EndingFlags(envelope: claimed.envelope))
    }

    private func report(_ reply: TurnReply, _ turn: Turn, _ runner: QueueRunner, took: Duration) {
        runner.metrics.turned(turn, reply, took: took)
        for (position, problem) in reply.problems {
            let ending = turn.endings[position]
            switch problem {
            case .stale:
                runner.countLost()
                logger.warning("a claim was lost before its end", metadata: ["job": "\(ending.id)"])
            case .refused(let code):
                logger.warning("an effect was refused", metadata: ["job": "\(ending.id)", "code": "\(code)"])
            case .broken(let fault):
                logger.error("an effect broke", metadata: ["job": "\(ending.id)", "fault": "\(fault)"])
            }
        }
        for (position, ending) in turn.endings.enumerated() where reply.problems[position] == nil {
            if case .cancelled = ending.outcome {
                logger.info("a job was cancelled", metadata: ["job": "\(ending.id)"])
            }
        }
    }
}

extension QueueRunner {
    /// A turn for one ending alone, which claims nothing.
    func singleTurn(_ ending: Ending, lane: Int) -> Turn {
        state.withLock { state in
            state.turnNumber += 1
            return Turn(
                number: state.turnNumber, lane: lane, endings: [ending], claim: 0, isIdle: false, ranMicroseconds: 0)
        }
    }

    func countLost() { state.withLock { $0.lost += 1 } }

    /// Gives a claim up that could not be settled; its lease runs out in Redis.
    func forget(_ epoch: Int64) {
        state.withLock { state in
            if state.holdings[epoch]?.isEnding == true { state.holdings[epoch] = nil }
        }
    }
}
