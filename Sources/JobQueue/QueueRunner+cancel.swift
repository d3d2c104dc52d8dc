internal import Synchronization

extension QueueRunner {
    /// Stops a job that somebody asked to cancel, if it is here; the slot is to be cancelled, outside the lock.
    ///
    /// What waits ends at once, and its handler is never called.
    func cancel(where isMeant: (Claim) -> Bool) -> Slot? {
        let (slot, mustSignal) = state.withLock { state -> (Slot?, Bool) in
            guard let (epoch, holding) = state.holdings.first(where: { isMeant($0.value.claim) }), !holding.isEnding
            else {
                return (nil, false)
            }
            if holding.slot != nil { return (stop(epoch, .cancelled, &state), false) }
            let ending = holding.ending(.cancelled(reason: ""))
            drop([epoch], &state)
            state.holdings[epoch] = holding
            holding.isEnding = true
            state.outbox.append(ending)
            return (nil, true)
        }
        if mustSignal { signal.fire() }
        return slot
    }

    /// Stops a job whose lease was taken away.
    func lose(_ id: JobID) -> Slot? {
        state.withLock { state in
            guard let (epoch, holding) = state.holdings.first(where: { $0.value.claim.id == id }) else { return nil }
            if holding.slot != nil { return stop(epoch, .leaseLost, &state) }
            drop([epoch], &state)
            return nil
        }
    }

    /// Progress is reported, so that the end has it to remove; `false` if the attempt is over already.
    func noteProgress(_ epoch: Int64) -> Bool {
        state.withLock { state in
            guard let holding = state.holdings[epoch], !holding.isEnding, holding.stop != .leaseLost else {
                return false
            }
            holding.hadProgress = true
            return true
        }
    }

    /// Claims nothing more, or claims again.
    func setQuiet(_ isQuiet: Bool) {
        let isChanged = state.withLock { state in
            guard state.isQuiet != isQuiet else { return false }
            state.isQuiet = isQuiet
            state.mayHaveWork = true
            return true
        }
        if isChanged { signal.fire() }
    }

    /// Whether a hint was taken that this worker can't follow, because it claims nothing more.
    func hasStrandedHint() -> Bool {
        state.withLock { state in
            guard state.mayHaveWork, state.isQuiet || state.isOutdated || state.isDraining else { return false }
            state.mayHaveWork = false
            return true
        }
    }

    /// Claims nothing more: the layout in Redis is another one.
    func setOutdated() {
        state.withLock { $0.isOutdated = true }
        signal.fire()
    }
}
