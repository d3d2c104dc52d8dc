internal import Synchronization

/// Wakes one waiting task; a signal given while nobody waits is kept, several count as one.
final class Signal: Sendable {
    private struct State {
        var isFired = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func fire() {
        let waiter = state.withLock { state in
            guard let waiter = state.waiter else {
                state.isFired = true
                return nil as CheckedContinuation<Void, Never>?
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isFired = state.withLock { state in
                if state.isFired {
                    state.isFired = false
                    return true
                }
                precondition(state.waiter == nil, "one task at a time waits for a signal")
                state.waiter = continuation
                return false
            }
            if isFired { continuation.resume() }
        }
    }
}
