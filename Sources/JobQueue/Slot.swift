internal import Synchronization

/// A place in which handlers run one after another in one task.
///
/// A task per job would cost more than a small handler. Cancelling a job cancels its slot's task; the slot takes no
/// further job then, and another takes its place. Only the queue's lock decides which job a slot runs, so the wrong
/// one is never cancelled.
final class Slot: Sendable {
    private struct State {
        var task: Task<Void, Never>?
        var isCancelled = false
        var isAbandoned = false
    }

    private let state = Mutex(State())

    /// Whether its handler was given up: the slot no longer counts as a place, whenever it comes back.
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

    func abandon() {
        state.withLock { $0.isAbandoned = true }
    }

    func run(_ body: @Sendable @escaping () async -> Void) {
        let task = Task { await body() }
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }
}
