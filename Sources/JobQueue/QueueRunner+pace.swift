internal import Synchronization
extension QueueRunner {
    /// The claims to renew (`id:epoch`): everything held, waiting and running.
    func claimsToRenew() -> [(member: String, epoch: Int64)] {
        state.withLock { state in
            state.holdings.values.map { ("\($0.claim.id.rawValue):\($0.claim.epoch)", $0.claim.epoch) }
        }
    }

    /// Redis renewed what was sent at this time, but for the lost ones.
    func renewed(_ epochs: [Int64], lost: Set<Int64>, sent: ContinuousClock.Instant) -> [Slot] {
        state.withLock { state in
            var stopped: [Slot] = []
            for epoch in epochs {
                guard !lost.contains(epoch) else {
                    // What is ending hears from its turn; what waits must not start.
                    if let slot = stop(epoch, .leaseLost, &state) { stopped.append(slot) }
                    continue
                }
                state.holdings[epoch]?.deadline = sent + lease - margin
            }
            drop(lost, &state)
            return stopped
        }
    }

    /// Looks for what must stop now; the slots are to be cancelled, outside the lock.
    func tick(now: ContinuousClock.Instant, grace: ContinuousClock.Instant?) -> [Slot] {
        let (slots, mustSignal) = state.withLock { state in
            guard !state.holdings.isEmpty else { return ([] as [Slot], false) }
            var slots: [Slot] = []
            var overdue: Set<Int64> = []
            var mustSignal = false
            for (epoch, holding) in state.holdings where !holding.isEnding {
                if holding.startedAt == nil {
                    if holding.deadline <= now { overdue.insert(epoch) }
                    continue
                }
                // What is told now has until the next look at least.
                if let reason = reasonToStop(holding, now: now, grace: grace) {
                    if let slot = stop(epoch, reason, &state) { slots.append(slot) }
                } else if let outcome = outcomeOverHead(holding, now: now, grace: grace) {
                    abandon(epoch, holding, outcome, &state)
                    mustSignal = true
                }
            }
            drop(overdue, &state)
            if releaseStalled(now: now, &state) { mustSignal = true }
            return (slots, mustSignal || !overdue.isEmpty)
        }
        if mustSignal { signal.fire() }
        return slots
    }

    /// Whether it is time to look for work without a hint: for due jobs, lapsed leases, the next token.
    func isLookDue(now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in state.nextLook.map { $0 <= now } ?? true }
    }

    /// How long the blocked connection may sleep for this queue's sake.
    func nextLook() -> ContinuousClock.Instant? {
        state.withLock { $0.nextLook }
    }

    private func reasonToStop(
        _ holding: Holding, now: ContinuousClock.Instant, grace: ContinuousClock.Instant?
    ) -> StopReason? {
        guard holding.stop == nil else { return nil }
        if holding.deadline <= now { return .leaseLost }
        if let grace, grace <= now { return .drained }
        if let timeout = holding.claim.handler.options.timeout, let started = holding.startedAt,
            started + timeout <= now
        {
            return .timeout
        }
        return nil
    }

    /// What becomes of an attempt whose handler ignores its cancellation; `nil` while there is patience.
    ///
    /// `abandonAfter` after it was told, or a second after the grace of a drain.
    private func outcomeOverHead(
        _ holding: Holding, now: ContinuousClock.Instant, grace: ContinuousClock.Instant?
    ) -> Outcome? {
        guard let reason = holding.stop, let stoppedAt = holding.stoppedAt else { return nil }
        let isGraceOver = grace.map { $0 + .seconds(1) <= now } ?? false
        guard isGraceOver || stoppedAt + abandonAfter <= now else { return nil }
        let claim = holding.claim
        switch reason {
        case .drained, .leaseLost:
            return .released(list: claim.list)
        case .timeout:
            let timeout = claim.handler.options.timeout ?? .zero
            return claim.ending(.released(list: claim.list))
                .failed("The attempt took longer than \(timeout) and ignored its cancellation.").outcome
        case .cancelled:
            return .cancelled(reason: "")
        }
    }

    /// Ends an attempt over the head of its handler: the claim goes back, and another slot takes the place.
    ///
    /// The handler can't be stopped, only forgotten: it keeps its thread and memory until it returns, so it is counted
    /// and shown in the registry, where a supervisor can see that the process is to be replaced.
    private func abandon(_ epoch: Int64, _ holding: Holding, _ outcome: Outcome, _ state: inout State) {
        holding.isEnding = true
        state.outbox.append(holding.ending(outcome))
        holding.slot?.abandon()
        state.running -= 1
        state.slots -= 1
        state.abandoned += 1
        state.stuck += 1
        letGo(1)
        gate.ended()
        if holding.claim.isSolo { soloEnded() }
        metrics.countAbandoned()
    }

    func stop(_ epoch: Int64, _ reason: StopReason, _ state: inout State) -> Slot? {
        guard let holding = state.holdings[epoch], let slot = holding.slot, holding.stop == nil, !holding.isEnding
        else { return nil }
        holding.stop = reason
        holding.stoppedAt = .now
        return slot
    }

    /// Forgets waiting claims whose lease is gone.
    func drop(_ epochs: Set<Int64>, _ state: inout State) {
        guard !epochs.isEmpty else { return }
        var kept: [Int64] = []
        while let epoch = state.popInbox() {
            guard epochs.contains(epoch) else {
                kept.append(epoch)
                continue
            }
            if state.holdings[epoch]?.claim.isSolo == true { soloEnded() }
            state.holdings[epoch] = nil
            letGo(1)
        }
        state.inbox = kept
        state.inboxHead = 0
    }

    /// What waits a second behind a slow handler goes back, so that an idle worker can have it.
    private func releaseStalled(now: ContinuousClock.Instant, _ state: inout State) -> Bool {
        guard state.waiting > 0 else { return false }
        var kept: [Int64] = []
        var released: [Int64] = []
        for epoch in state.inbox[state.inboxHead...] {
            guard let holding = state.holdings[epoch], !holding.claim.isSolo, holding.claimedAt + .seconds(1) <= now
            else {
                kept.append(epoch)
                continue
            }
            released.append(epoch)
        }
        guard !released.isEmpty else { return false }
        state.isStalled = true
        // From the youngest, so that the head of the queue has the old order again.
        for epoch in released.reversed() {
            release(epoch, &state)
            letGo(1)
        }
        state.inbox = kept
        state.inboxHead = 0
        return true
    }

    /// Why the handler of a claim was stopped, if it was.
    func stopReason(_ epoch: Int64) -> StopReason? {
        state.withLock { $0.holdings[epoch]?.stop }
    }

    /// What runs, for the registry.
    func runningJobs(now: ContinuousClock.Instant, limit: Int) -> [WorkerRecord.Running] {
        state.withLock { state in
            state.holdings.values.lazy.filter { $0.startedAt != nil && !$0.isEnding }.prefix(limit).map { holding in
                WorkerRecord.Running(
                    id: holding.claim.id, queue: queue.name, name: holding.claim.header.name,
                    milliseconds: ((holding.startedAt ?? now).duration(to: now)).milliseconds)
            }
        }
    }
}
