import Synchronization

/// A task that waits for one answer, which the first who has one gives.
final class Waiter<Success: Sendable>: Sendable {
    private enum State {
        case new
        case waiting(UnsafeContinuation<Result<Success, RedisError>, Never>)
        /// Answered before it waited: it was cancelled.
        case answered(Result<Success, RedisError>)
        case done
    }

    private let state = Mutex(State.new)

    func wait(_ continuation: UnsafeContinuation<Result<Success, RedisError>, Never>) {
        let early: Result<Success, RedisError>? = state.withLock { state in
            guard case .answered(let answer) = state else {
                state = .waiting(continuation)
                return nil
            }
            state = .done
            return answer
        }
        if let early { continuation.resume(returning: early) }
    }

    /// Answers, unless somebody was faster.
    ///
    /// Returns whether this answer was taken.
    @discardableResult
    func resume(_ answer: Result<Success, RedisError>) -> Bool {
        let (continuation, isTaken) = state.withLock {
            state -> (UnsafeContinuation<Result<Success, RedisError>, Never>?, Bool) in
            switch state {
            case .new:
                state = .answered(answer)
                return (nil, true)
            case .waiting(let continuation):
                state = .done
                return (continuation, true)
            case .answered, .done:
                return (nil, false)
            }
        }
        continuation?.resume(returning: answer)
        return isTaken
    }

    var isDone: Bool {
        state.withLock { state in
            if case .done = state { true } else { false }
        }
    }
}
