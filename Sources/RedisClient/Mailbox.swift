internal import CHiredis
import Glibc
import Synchronization

/// Where tasks leave their commands for the reactor, and the eventfd that wakes it.
final class Mailbox: Sendable {
    /// What a task asks of the reactor besides running a command.
    enum Control: Sendable {
        case cancel(PendingCommand, Link)
        case deadline(Waiter<Link>, MonotonicTime)
        /// Throws a dedicated connection's socket away, so that the next user finds no state on it.
        case reset(Link)
        case resolved(Link, attempt: UInt64, Result<[Endpoint], RedisError>)
        /// A Sentinel says that the primary is there now.
        case moved(to: Endpoint)
        case subscribe(Subscriber.Entry)
        case unsubscribe(Subscriber.Entry)
        /// Finish what was sent, then end.
        case close
    }

    typealias Post = (link: Link, command: PendingCommand)

    private struct State {
        var posts: ContiguousArray<Post> = []
        var controls: [Control] = []
        var isSleeping = false
        var isClosed = false
        var hasEnded = false
        var closers: [UnsafeContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    let eventDescriptor: Int32

    init() {
        eventDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    }

    /// Tasks may still post while the reactor ends, so the descriptor lives as long as the last of them.
    deinit {
        close(eventDescriptor)
    }

    /// Leaves a command.
    ///
    /// `false` means that the client is closed and nobody will look at it.
    func post(_ command: PendingCommand, to link: Link) -> Bool {
        put { $0.posts.append((link, command)) }
    }

    /// Leaves commands that shall go out together.
    func post(_ commands: [PendingCommand], to link: Link) -> Bool {
        put { $0.posts.append(contentsOf: commands.lazy.map { (link, $0) }) }
    }

    /// Leaves a request.
    ///
    /// `false` means that the client is closed.
    @discardableResult
    func post(_ control: Control) -> Bool {
        put { $0.controls.append(control) }
    }

    /// Asks the reactor to end; `closer` is resumed when it has.
    func requestClose(_ closer: UnsafeContinuation<Void, Never>?) {
        let hasEnded = state.withLock { state in
            if !state.hasEnded, let closer { state.closers.append(closer) }
            return state.hasEnded
        }
        if hasEnded { closer?.resume() }
        post(.close)
    }

    /// The reactor has ended (or never began): whoever waits for that may go on.
    func end() {
        let closers = state.withLock { state in
            state.isClosed = true
            state.hasEnded = true
            defer { state.closers = [] }
            return state.closers
        }
        for closer in closers {
            closer.resume()
        }
    }

    private func put(_ change: (inout State) -> Void) -> Bool {
        let (taken, wakes) = state.withLock { state -> (Bool, Bool) in
            guard !state.isClosed else { return (false, false) }
            change(&state)
            defer { state.isSleeping = false }
            return (true, state.isSleeping)
        }
        // A write for each post would double the system calls: only a sleeping reactor needs one.
        if wakes { eventfd_write(eventDescriptor, 1) }
        return taken
    }

    /// Takes everything that waits, leaving the (empty) buffers for the next posts.
    func drain(posts: inout ContiguousArray<Post>, controls: inout [Control]) {
        state.withLock { state in
            state.isSleeping = false
            swap(&state.posts, &posts)
            swap(&state.controls, &controls)
        }
    }

    /// Whether the reactor may sleep: nothing waits, and from now on every post wakes it.
    func prepareToSleep() -> Bool {
        state.withLock { state in
            guard state.posts.isEmpty, state.controls.isEmpty else { return false }
            state.isSleeping = true
            return true
        }
    }

    /// Refuses further posts and returns what is left.
    func shut() -> (posts: ContiguousArray<Post>, controls: [Control]) {
        state.withLock { state in
            state.isClosed = true
            defer {
                state.posts = []
                state.controls = []
            }
            return (state.posts, state.controls)
        }
    }
}
