internal import Synchronization

/// What the queues of a process tell its one blocked connection.
final class WakeBoard: Sendable {
    /// How long the connection blocks at most: what a hint costs that was lost with the process that had taken it.
    static let longestBlock = Duration.seconds(8)

    private struct State {
        /// Have places and wait for work.
        var hungry: Set<Int> = []
        /// Have places, perhaps in the middle of a turn.
        var capable: Set<Int> = []
        /// What the connection blocks on, while it does.
        var blocked: Set<Int>?
        /// When that block ends by itself.
        var blockedUntil = ContinuousClock.now
        var isEnded = false
    }

    private let state = Mutex(State())
    private let signal = Signal()

    /// A queue's pump is about to wait; answers whether the connection must be woken by its private key.
    ///
    /// It must when it does not block on the queue, or past the time at which the queue wants to look again.
    func rest(_ queue: Int, hasPlaces: Bool, look: ContinuousClock.Instant?) -> Bool {
        let needsPoke = state.withLock { state in
            guard hasPlaces else {
                state.hungry.remove(queue)
                state.capable.remove(queue)
                return false
            }
            state.hungry.insert(queue)
            state.capable.insert(queue)
            guard let blocked = state.blocked else { return false }
            if let look, look < state.blockedUntil { return true }
            return !blocked.contains(queue)
        }
        signal.fire()
        return needsPoke
    }

    func busy(_ queue: Int, hasPlaces: Bool) {
        state.withLock { state in
            state.hungry.remove(queue)
            if hasPlaces { state.capable.insert(queue) } else { state.capable.remove(queue) }
        }
    }

    /// Waits until a queue is hungry; `nil` when the worker ends.
    func nextBlock() async -> Set<Int>? {
        while true {
            let (isEnded, queues) = state.withLock { state in
                guard !state.isEnded, !state.hungry.isEmpty else { return (state.isEnded, nil as Set<Int>?) }
                state.blocked = state.capable
                // Until the timeout is known: whoever rests now is seen by it, or pokes.
                state.blockedUntil = .now + Self.longestBlock
                return (false, state.capable)
            }
            if isEnded { return nil }
            if let queues { return queues }
            await signal.wait()
        }
    }

    /// The block that begins now ends at this time.
    func blocks(until: ContinuousClock.Instant) {
        state.withLock { $0.blockedUntil = until }
    }

    /// The connection is back; answers whether the queue has places.
    func unblocked(_ queue: Int?) -> Bool {
        state.withLock { state in
            state.blocked = nil
            return queue.map { state.capable.contains($0) } ?? false
        }
    }

    func end() {
        state.withLock { $0.isEnded = true }
        signal.fire()
    }
}
