internal import Foundation
internal import Synchronization

/// Ends a worker whose supervisor is gone: that one's end of the pipe on standard input closes with it, however it dies.
///
/// Not `PR_SET_PDEATHSIG`, which fires when the parent's *thread* ends, and a supervisor's threads come and go.
final class SupervisorWatch: Sendable {
    private enum State {
        /// Nothing is claimed yet.
        case starting
        case working(drain: @Sendable () async -> Void)
        case orphaned
    }

    private let state = Mutex(State.starting)
    private let patience: Duration

    /// Watches from now on.
    ///
    /// - Parameter patience: how long a drain may take; then the process ends as it is, and its leases lapse.
    init(patience: Duration) {
        self.patience = patience
        // A thread of its own waits in `read`: nothing else would wake for it, it must not block a cooperative thread,
        // and it must go on where handlers have blocked all of those.
        Thread.detachNewThread { [self] in
            Self.waitForEnd()
            leave()
        }
    }

    /// Says how to end in order.
    func drains(by drain: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            if case .starting = state { state = .working(drain: drain) }
        }
    }

    private func leave() {
        let found = state.withLock { state in
            defer { state = .orphaned }
            return state
        }
        if case .working(let drain) = found {
            // The process ends with this call's effect; there is nobody left to await the task.
            Task { await drain() }
            Thread.sleep(forTimeInterval: patience / .seconds(1))
        }
        // Without a word to anybody: it has claimed nothing yet, or does not come to an end.
        // Nobody would sweep after it, though: its supervisor is gone.
        ProbeSweep.run(includingOwn: true)
        _exit(EXIT_FAILURE)
    }

    private static func waitForEnd() {
        var byte: UInt8 = 0
        while true {
            let count = read(STDIN_FILENO, &byte, 1)
            if count > 0 || (count < 0 && errno == EINTR) { continue }
            return
        }
    }
}
