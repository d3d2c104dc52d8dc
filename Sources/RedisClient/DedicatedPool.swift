import Synchronization

/// The connections that are lent to one task at a time.
final class DedicatedPool: Sendable {
    private struct State {
        var idle: [Link] = []
        var made = 0
        var waiters = RingBuffer<Waiter<Link>>()
        var isClosed = false
    }

    private enum Answer {
        case link(Link)
        case wait
        case closed
    }

    private let state = Mutex(State())
    private let configuration: RedisConfiguration
    private let mailbox: Mailbox
    /// Ids below belong to the multiplexed connections.
    private static let firstID: UInt64 = 1 << 16

    init(configuration: RedisConfiguration, mailbox: Mailbox) {
        self.configuration = configuration
        self.mailbox = mailbox
    }

    /// Waits for a connection, at most for the command timeout.
    func lease() async throws(RedisError) -> Link {
        let waiter = Waiter<Link>()
        let answer: Result<Link, RedisError> = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                waiter.wait(continuation)
                switch take(or: waiter) {
                case .link(let link): waiter.resume(.success(link))
                case .closed: waiter.resume(.failure(.clientClosed))
                case .wait:
                    let deadline = MonotonicTime.now.advanced(by: configuration.commandTimeout)
                    if !mailbox.post(.deadline(waiter, deadline)) { waiter.resume(.failure(.clientClosed)) }
                }
            }
        } onCancel: {
            waiter.resume(.failure(RedisError(.cancelled, "cancelled while waiting for a connection")))
        }
        return try answer.get()
    }

    private func take(or waiter: Waiter<Link>) -> Answer {
        state.withLock { state in
            guard !state.isClosed else { return .closed }
            // The one used last: its socket and its server-side memory are warm.
            if let link = state.idle.popLast() { return .link(link) }
            guard state.made < configuration.maximumDedicatedConnections else {
                state.waiters.append(waiter)
                return .wait
            }
            state.made += 1
            let id = Self.firstID + UInt64(state.made)
            return .link(
                Link(
                    id: id,
                    state: LinkState(configuration: configuration, isDedicated: true, seed: .random(in: .min ... .max)))
            )
        }
    }

    /// Takes a connection back and gives it to whoever has waited longest.
    func release(_ link: Link) {
        while true {
            let waiter = state.withLock { state in
                let waiter = state.waiters.popFirst()
                if waiter == nil { state.idle.append(link) }
                return waiter
            }
            // A waiter that has given up does not take it.
            guard let waiter, !waiter.resume(.success(link)) else { return }
        }
    }

    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = RingBuffer() }
            return state.waiters
        }
        waiters.forEach { $0.resume(.failure(.clientClosed)) }
    }
}
