internal import Synchronization

/// Decides what a process may start, over all its queues: a suspect runs alone.
///
/// A starter first counts itself and then looks at the gate; who closes the gate first closes it and then looks at the
/// count. Both orders are sequentially consistent, so never do both go on.
final class WorkerGate: Sendable {
    enum Phase: Equatable {
        case open
        /// A queue has suspects and this process empties itself for one.
        case emptying(queue: Int, until: ContinuousClock.Instant)
        /// A suspect of the queue was claimed: it runs when nothing else does.
        case solo(queue: Int)
    }

    private let phaseState = Mutex(Phase.open)
    private let isClosed = Atomic<Bool>(false)
    private let runningCount = Atomic<Int>(0)
    private let heldCount = Atomic<Int>(0)

    /// Whether claims of the process wait or run.
    var isEmpty: Bool { heldCount.load(ordering: .sequentiallyConsistent) == 0 }
    var isOpen: Bool { !isClosed.load(ordering: .sequentiallyConsistent) }
    var phase: Phase {
        isOpen ? .open : phaseState.withLock { $0 }
    }

    func hold(_ count: Int) { heldCount.add(count, ordering: .sequentiallyConsistent) }
    func letGo(_ count: Int) { heldCount.subtract(count, ordering: .sequentiallyConsistent) }

    /// Whether a start would be let through now; ``tryStart(queue:isSolo:)`` has the last word.
    func admits(isSolo: Bool) -> Bool {
        if isSolo { return runningCount.load(ordering: .sequentiallyConsistent) == 0 }
        guard case .solo = phase else { return true }
        return false
    }

    /// Counts a start in, unless a suspect of another claim has the process to itself.
    func tryStart(queue: Int, isSolo: Bool) -> Bool {
        let others = runningCount.add(1, ordering: .sequentiallyConsistent).oldValue
        let isAllowed: Bool
        if isSolo {
            isAllowed = others == 0
        } else if isOpen {
            isAllowed = true
        } else if case .solo = phaseState.withLock({ $0 }) {
            isAllowed = false
        } else {
            isAllowed = true
        }
        if !isAllowed { ended() }
        return isAllowed
    }

    func ended() { runningCount.subtract(1, ordering: .sequentiallyConsistent) }

    /// Whether the phase was open and is now this one; a solo may also follow on an emptying.
    func close(_ phase: Phase) -> Bool {
        phaseState.withLock { current in
            if case .solo = current { return false }
            if case .emptying = phase, current != .open { return false }
            current = phase
            isClosed.store(true, ordering: .sequentiallyConsistent)
            return true
        }
    }

    func open() {
        phaseState.withLock { current in
            current = .open
            isClosed.store(false, ordering: .sequentiallyConsistent)
        }
    }

    /// Opens again if the emptying took too long or was for a queue that got nothing.
    func endEmptying(queue: Int?, now: ContinuousClock.Instant) -> Bool {
        phaseState.withLock { current in
            guard case .emptying(let emptied, let until) = current, queue == emptied || until <= now else {
                return false
            }
            current = .open
            isClosed.store(false, ordering: .sequentiallyConsistent)
            return true
        }
    }
}
