internal import CHiredis
import Glibc
import Synchronization

/// Something that lies in a ``Mailbox``, and is its own link of the list there.
///
/// `@unchecked Sendable`: a letter belongs to its poster until it is posted, then to who takes it out.
class Letter: @unchecked Sendable {
    /// The letter that was posted before, while it lies in the mailbox.
    fileprivate final var older: Unmanaged<Letter>?
}

/// Where tasks leave their commands for the reactor, and the eventfd that wakes it.
///
/// A list without a lock (Treiber's stack, turned round when it is taken out), whose head also says whether the reactor
/// sleeps: a post costs one exchange, never a system call, and exactly one poster learns that he has to wake somebody.
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

    /// What became of a post.
    enum Posting: Equatable {
        /// The client is closed and nobody will look at it.
        case refused
        /// Somebody will look soon.
        case taken
        /// The reactor sleeps and the poster, who alone is told so, has to see to it that somebody looks.
        case takenAsleep
    }

    private final class ControlLetter: Letter, @unchecked Sendable {
        let control: Control

        init(_ control: Control) {
            self.control = control
        }
    }

    // What the list's head is besides an address, which is never odd nor zero.
    private static let empty: UInt = 0
    /// Empty, and the reactor sleeps or is about to.
    private static let asleep: UInt = 1
    private static let closed: UInt = 3

    private struct Ending {
        var hasEnded = false
        var closers: [UnsafeContinuation<Void, Never>] = []
    }

    private let head = Atomic<UInt>(empty)
    private let ending = Mutex(Ending())
    let eventDescriptor: Int32

    init() {
        eventDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    }

    /// Tasks may still post while the reactor ends, so the descriptor lives as long as the last of them.
    deinit {
        close(eventDescriptor)
    }

    /// Leaves a command.
    func post(_ command: PendingCommand, to link: Link) -> Posting {
        command.link = link
        return push(newest: command, oldest: command)
    }

    /// Leaves at least one command; they go out together.
    func post(_ commands: [PendingCommand], to link: Link) -> Posting {
        var older: PendingCommand?
        for command in commands {
            command.link = link
            // The list owns what it holds, and all but the newest is held from here.
            command.older = older.map { Unmanaged.passRetained($0) }
            older = command
        }
        guard let newest = older, let oldest = commands.first else { return .taken }
        let posting = push(newest: newest, oldest: oldest)
        if case .refused = posting {
            for command in commands {
                command.older?.release()
                command.older = nil
            }
        }
        return posting
    }

    /// Leaves a request.
    ///
    /// `false` means that the client is closed.
    @discardableResult
    func post(_ control: Control) -> Bool {
        let letter = ControlLetter(control)
        switch push(newest: letter, oldest: letter) {
        case .refused: return false
        case .taken: return true
        case .takenAsleep:
            wake()
            return true
        }
    }

    /// Wakes the reactor.
    func wake() {
        eventfd_write(eventDescriptor, 1)
    }

    private func push(newest: Letter, oldest: Letter) -> Posting {
        let own = Unmanaged.passRetained(newest)
        let address = UInt(bitPattern: own.toOpaque())
        var found = head.load(ordering: .relaxed)
        while true {
            guard found != Self.closed else {
                oldest.older = nil
                own.release()
                return .refused
            }
            oldest.older = Self.letter(at: found)
            let (exchanged, now) = head.weakCompareExchange(
                expected: found, desired: address, successOrdering: .acquiringAndReleasing, failureOrdering: .relaxed)
            if exchanged { return found == Self.asleep ? .takenAsleep : .taken }
            found = now
        }
    }

    private static func letter(at address: UInt) -> Unmanaged<Letter>? {
        guard address & 1 == 0 else { return nil }
        return UnsafeRawPointer(bitPattern: address).map { Unmanaged.fromOpaque($0) }
    }

    /// Asks the reactor to end; `closer` is resumed when it has.
    func requestClose(_ closer: UnsafeContinuation<Void, Never>?) {
        let hasEnded = ending.withLock { ending in
            if !ending.hasEnded, let closer { ending.closers.append(closer) }
            return ending.hasEnded
        }
        if hasEnded { closer?.resume() }
        post(.close)
    }

    /// The reactor has ended (or never began): whoever waits for that may go on.
    func end() {
        head.store(Self.closed, ordering: .releasing)
        let closers = ending.withLock { ending in
            ending.hasEnded = true
            defer { ending.closers = [] }
            return ending.closers
        }
        for closer in closers {
            closer.resume()
        }
    }

    // MARK: The reactor's side

    /// Takes everything that lies there, in the order of its posting; from now on posts wake nobody.
    func drain(commands: inout ContiguousArray<PendingCommand>, controls: inout [Control]) {
        guard head.load(ordering: .relaxed) != Self.empty else { return }
        sort(head.exchange(Self.empty, ordering: .acquiring), commands: &commands, controls: &controls)
    }

    private func sort(
        _ found: UInt, commands: inout ContiguousArray<PendingCommand>, controls: inout [Control]
    ) {
        var newer: Unmanaged<Letter>?
        var next = Self.letter(at: found)
        while let letter = next {
            next = letter._withUnsafeGuaranteedRef { letter in
                defer { letter.older = newer }
                return letter.older
            }
            newer = letter
        }
        while let first = newer {
            let letter = first.takeRetainedValue()
            newer = letter.older
            letter.older = nil
            if let command = letter as? PendingCommand {
                commands.append(command)
            } else if let control = letter as? ControlLetter {
                controls.append(control.control)
            }
        }
    }

    /// Whether the reactor may sleep: nothing lies there, and the next post says that it sleeps.
    func prepareToSleep() -> Bool {
        head.compareExchange(
            expected: Self.empty, desired: Self.asleep, successOrdering: .acquiringAndReleasing,
            failureOrdering: .relaxed
        ).exchanged
    }

    /// From now on posts wake nobody.
    func noteAwake() {
        _ = head.compareExchange(
            expected: Self.asleep, desired: Self.empty, successOrdering: .acquiringAndReleasing,
            failureOrdering: .relaxed)
    }

    /// Refuses further posts and returns what is left.
    func shut() -> (commands: ContiguousArray<PendingCommand>, controls: [Control]) {
        var commands: ContiguousArray<PendingCommand> = []
        var controls: [Control] = []
        sort(head.exchange(Self.closed, ordering: .acquiringAndReleasing), commands: &commands, controls: &controls)
        return (commands, controls)
    }
}
