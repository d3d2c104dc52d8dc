internal import CHiredis
import Glibc
import Logging

/// Does all I/O of a client: epoll, level-triggered, over its connections and the mailbox, on a thread of its own.
///
/// Whoever holds `turn` may touch it. That is its thread, but for the time it sleeps; meanwhile a task whose command would be
/// the only one under way writes it itself, which saves the way over the thread.
///
/// `@unchecked Sendable`: everything that changes is touched only by who holds `turn`.
final class Reactor: @unchecked Sendable {
    private enum Deadline {
        case command(PendingCommand, Link)
        case waiter(Waiter<Link>)
        case subscription(Subscriber.Entry)
    }

    private let configuration: RedisConfiguration
    private let resolver: any EndpointResolver
    let mailbox: Mailbox
    private let turn = TurnLock()
    private let logger: Logger
    private let epoll: Int32

    private var now = MonotonicTime.now
    /// Every connection that was ever used: there are at most as many as the configuration allows.
    private var links: [Link] = []
    /// The connections that have a context, by the token in their epoll events.
    ///
    /// Keeps them alive for hiredis's unretained pointers.
    private var open: [UInt64: Link] = [:]
    private var dirty: [Link] = []
    private var lastToken: UInt64 = 0
    private var deadlines = DeadlineQueue<Deadline> { deadline in
        switch deadline {
        case .command(let command, _): command.isDone
        case .waiter(let waiter): waiter.isDone
        case .subscription(let entry): entry.isConfirmed || entry.isEnded
        }
    }
    private var posted: ContiguousArray<PendingCommand> = []
    private var controls: [Mailbox.Control] = []
    /// When the thread wakes at the latest.
    private var sleepsUntil = MonotonicTime.distantFuture
    private var lastAccepted = MonotonicTime(nanoseconds: 0)
    private var completions: [(PendingCommand, PendingCommand.Reply)] = []
    private var subscriber: Subscriber?
    private var isClosing = false
    private var metrics: RedisMetrics

    init(
        configuration: RedisConfiguration, resolver: any EndpointResolver, mailbox: Mailbox, logger: Logger,
        metrics: RedisMetrics
    ) {
        self.configuration = configuration
        self.resolver = resolver
        self.mailbox = mailbox
        self.logger = logger
        self.metrics = metrics
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    }

    // MARK: The loop

    func run() {
        turn.lock()
        defer { turn.unlock() }
        // Edge-triggered, so that the counter never has to be read: every post to a sleeping reactor is an edge.
        let status = sunset_epoll_ctl(
            epoll, EPOLL_CTL_ADD, mailbox.eventDescriptor, EPOLLIN.rawValue | EPOLLET.rawValue, 0)
        guard status == 0 else {
            logger.critical("no epoll for the Redis client: every command will fail", metadata: ["errno": "\(errno)"])
            return finish()
        }
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            now = .now
            takePosts()
            fireTimers()
            flushDirtyLinks()
            resumeCompletions()
            if isClosing, !links.contains(where: { $0.state.hasLiveCommands }) { break }
            wait(for: &events)
        }
        finish()
    }

    private func takePosts() {
        mailbox.drain(commands: &posted, controls: &controls)
        for control in controls {
            handle(control)
        }
        controls.removeAll(keepingCapacity: true)
        for command in posted {
            guard let link = command.link else { continue }
            // It would keep the link alive and the link it.
            command.link = nil
            accept(command, on: link)
        }
        posted.removeAll(keepingCapacity: true)
    }

    /// Sees to a command that was posted while the reactor slept: writes it here if the connection is quiet.
    ///
    /// Where others are under way the reactor is about to wake anyhow, and to write all that came in between at once:
    /// with 64 tasks that was twice as fast as letting each write.
    func turnNow(for link: Link) {
        guard turn.tryLock() else { return mailbox.wake() }
        defer { turn.unlock() }
        guard link.isQuiet, !isClosing else { return mailbox.wake() }
        now = .now
        takePosts()
        flushDirtyLinks()
        resumeCompletions()
        let isDone = mailbox.prepareToSleep() && !isClosing
        if !isDone || timeOfNextTimer().map({ $0 < sleepsUntil }) ?? false { mailbox.wake() }
    }

    private func wait(for events: inout [epoll_event]) {
        var patience: Int32 = 0
        if mailbox.prepareToSleep() {
            sleepsUntil = timeToSleepUntil()
            patience = sleepsUntil == .distantFuture ? -1 : MonotonicTime.now.milliseconds(until: sleepsUntil)
        }
        turn.unlock()
        let count = epoll_wait(epoll, &events, Int32(events.count), patience)
        turn.lock()
        mailbox.noteAwake()
        guard count > 0 else { return }
        now = .now
        for index in 0..<Int(count) {
            let token = sunset_epoll_token(&events[index])
            guard token != 0, let link = open[token] else { continue }
            let happened = sunset_epoll_events(&events[index])
            link.now = now
            if happened & ~EPOLLOUT.rawValue != 0 { link.handleRead() }
            if happened & EPOLLOUT.rawValue != 0, link.token == token {
                link.handleWrite()
                // The socket took something, so there is room for more.
                markDirty(link)
            }
            settle(link)
        }
        resumeCompletions()
    }

    private func finish() {
        let (commands, controls) = mailbox.shut()
        for command in commands {
            command.link = nil
            complete(command, .failure(.clientClosed))
        }
        for case .subscribe(let entry) in controls {
            entry.end(.clientClosed)
        }
        subscriber?.end(.clientClosed)
        isClosing = true
        resolver.stop()
        for link in links {
            link.close(reason: "the client was closed")
            if let cut = link.takeCut() {
                fail(link.state.disconnected(written: cut.written, reason: cut.reason, now: now))
            }
            fail(link.state.drain())
        }
        resumeCompletions()
        close(epoll)
        mailbox.end()
    }

    // MARK: From the mailbox

    private func accept(_ command: PendingCommand, on link: Link) {
        guard !command.isCancelled else {
            return complete(
                command, .failure(RedisError(.cancelled, "\(command.command.name): cancelled before it was sent")))
        }
        guard !isClosing else { return complete(command, .failure(.clientClosed)) }
        register(link)
        switch link.state.enqueue(command) {
        case .failure(let error):
            complete(command, .failure(error))
        case .success(let action):
            command.isAccepted = true
            command.accepted = now
            lastAccepted = now
            metrics.commands += 1
            if command.timeoutNanoseconds != .max {
                deadlines.push(
                    .command(command, link), deadline: now.advanced(byNanoseconds: command.timeoutNanoseconds))
            }
            perform(action, on: link)
            markDirty(link)
        }
    }

    private func handle(_ control: Mailbox.Control) {
        switch control {
        case .cancel(let command, let link):
            cancel(command, on: link)
        case .deadline(let waiter, let deadline):
            deadlines.push(.waiter(waiter), deadline: deadline)
        case .reset(let link):
            link.state.reset()
            link.close(reason: "given back with something left behind")
            settle(link)
        case .resolved(let link, let attempt, let result):
            connect(link, attempt: attempt, to: result)
        case .moved(let endpoint):
            move(to: endpoint)
        case .subscribe(let entry):
            subscribe(entry)
        case .unsubscribe(let entry):
            unsubscribe(entry)
        case .close:
            beginClosing()
        }
    }

    private func cancel(_ command: PendingCommand, on link: Link) {
        guard !command.isDone else { return }
        command.isCancelled = true
        guard command.isAccepted else { return }
        let (error, action) = link.state.cancel(command)
        complete(command, .failure(error))
        perform(action, on: link)
    }

    private func subscribe(_ entry: Subscriber.Entry) {
        entry.isAccepted = true
        guard !entry.isCancelled else { return unsubscribe(entry) }
        guard !isClosing else { return entry.end(.clientClosed) }
        let subscriber = subscriber ?? makeSubscriber()
        subscriber.add(entry)
        deadlines.push(.subscription(entry), deadline: now.advanced(by: configuration.commandTimeout))
        if subscriber.link.state.phase == .idle { perform(.connect, on: subscriber.link) }
        markDirty(subscriber.link)
    }

    private func unsubscribe(_ entry: Subscriber.Entry) {
        entry.isCancelled = true
        guard entry.isAccepted, !entry.isEnded else { return }
        entry.end(RedisError(.cancelled, "cancelled before the channels were confirmed"))
        guard let subscriber else { return }
        subscriber.remove(entry)
        markDirty(subscriber.link)
    }

    private func makeSubscriber() -> Subscriber {
        let state = LinkState(configuration: configuration, isDedicated: false, seed: .random(in: .min ... .max))
        let made = Subscriber(link: Link(id: .max, state: state))
        register(made.link)
        subscriber = made
        return made
    }

    private func beginClosing() {
        guard !isClosing else { return }
        isClosing = true
        for link in links {
            fail(link.state.drain())
        }
        subscriber?.end(.clientClosed)
    }

    // MARK: Time

    private func fireTimers() {
        for link in links {
            guard let due = link.state.nextTimer, due <= now else { continue }
            perform(link.state.timerFired(now: now), on: link)
            markDirty(link)
        }
        while let expired = deadlines.popExpired(now: now) {
            switch expired {
            case .command(let command, let link):
                metrics.timeouts += 1
                let (error, action) = link.state.expire(command, now: now)
                complete(command, .failure(error))
                perform(action, on: link)
            case .waiter(let waiter):
                waiter.resume(
                    .failure(
                        RedisError(.poolExhausted, "no dedicated connection within \(configuration.commandTimeout)")))
            case .subscription(let entry):
                let reason = subscriber?.link.state.lastFailure ?? "no connection"
                entry.end(RedisError(.notSent, "SUBSCRIBE: \(reason)"))
                subscriber?.remove(entry)
            }
        }
    }

    private func timeOfNextTimer() -> MonotonicTime? {
        var next = deadlines.nextDeadline()
        for link in links {
            guard let timer = link.state.nextTimer else { continue }
            next = min(next ?? timer, timer)
        }
        return next
    }

    /// The next timer, but a second after the last command at the latest: so a task that writes its command itself finds
    /// that the thread wakes before its deadline, and need not wake it.
    private func timeToSleepUntil() -> MonotonicTime {
        let next = timeOfNextTimer() ?? .distantFuture
        let linger = lastAccepted.advanced(byNanoseconds: 1_000_000_000)
        return linger > now ? min(next, linger) : next
    }

    // MARK: Connections

    private func register(_ link: Link) {
        guard !link.isRegistered else { return }
        link.isRegistered = true
        links.append(link)
    }

    private func markDirty(_ link: Link) {
        guard !link.isDirty else { return }
        link.isDirty = true
        dirty.append(link)
    }

    private func flushDirtyLinks() {
        // Settling may mark links again: a cut connection whose commands wait for the next one is looked at then.
        while let link = dirty.popLast() {
            link.isDirty = false
            link.now = now
            link.flush()
            metrics.roundTrips += link.takeWrites()
            settle(link)
        }
    }

    private func perform(_ action: LinkState.Action, on link: Link) {
        switch action {
        case .none:
            break
        case .connect:
            guard !isClosing else { return }
            link.state.beginConnecting(now: now)
            link.attempt += 1
            let attempt = link.attempt
            resolver.resolve { [mailbox] result in
                mailbox.post(.resolved(link, attempt: attempt, result))
            }
        case .cut(let reason):
            if link.context == nil {
                // The name service took too long: its answer will find another attempt.
                link.attempt += 1
                disconnected(link, written: 0, reason: .lost(reason))
            } else {
                link.close(reason: reason)
                settle(link)
            }
        }
    }

    private func connect(_ link: Link, attempt: UInt64, to result: Result<[Endpoint], RedisError>) {
        guard attempt == link.attempt, case .connecting = link.state.phase else { return }
        do throws(RedisError) {
            let endpoints = try result.get()
            let endpoint = endpoints[Int(attempt % UInt64(endpoints.count))]
            lastToken += 1
            let descriptor = try link.open(endpoint, token: lastToken, epoll: epoll)
            open[lastToken] = link
            link.watched = EPOLLIN.rawValue | EPOLLOUT.rawValue
            sunset_epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, link.watched, lastToken)
        } catch {
            disconnected(link, written: 0, reason: .lost(error.message))
        }
    }

    /// Leaves a server that is the primary no more, even if it still answers, or would never.
    private func move(to endpoint: Endpoint) {
        guard !isClosing else { return }
        for link in links {
            if link.context != nil, link.endpoint != endpoint {
                perform(.cut("the primary is at \(endpoint) now"), on: link)
            }
            link.state.hurry(now: now)
        }
    }

    /// Does what follows from a call into hiredis: replies, a new connection's greeting, a cut, a changed wish to write.
    private func settle(_ link: Link) {
        var refusal: String?
        link.takeReplyActions { action in
            switch action {
            case .complete(let command, let reply): complete(command, reply)
            case .none: break
            case .becameReady:
                if link.wasReady { metrics.reconnects += 1 }
                link.wasReady = true
                logger.debug("connected", metadata: ["link": "\(link.id)"])
                link.subscriber?.connectionBecameReady()
                markDirty(link)
            case .cut(let reason): refusal = refusal ?? reason
            }
        }
        if let refusal { link.close(reason: refusal) }
        for event in link.takeEvents() {
            subscriber?.received(event)
        }
        if let cut = link.takeCut() {
            open[link.token] = nil
            // A refusal that was read says more than the write that failed after it.
            return disconnected(link, written: cut.written, reason: refusal.map(CutReason.lost) ?? cut.reason)
        }
        if link.isConnected, case .connecting = link.state.phase {
            for command in link.state.connected(now: now) {
                link.append(command)
            }
            markDirty(link)
        }
        link.watchWhatItWants(epoll)
    }

    private func disconnected(_ link: Link, written: UInt64, reason: CutReason) {
        if link.state.phase == .ready {
            logger.warning("connection lost", metadata: ["link": "\(link.id)", "reason": "\(reason)"])
        } else {
            logger.debug("no connection", metadata: ["link": "\(link.id)", "reason": "\(reason)"])
        }
        fail(link.state.disconnected(written: written, reason: reason, now: now))
        if isClosing { fail(link.state.drain()) }
    }

    // MARK: Completion

    private func fail(_ failures: [LinkState.Failure]) {
        for failure in failures {
            complete(failure.command, .failure(failure.error))
        }
    }

    private func complete(_ command: PendingCommand, _ reply: PendingCommand.Reply) {
        guard !command.isDone else { return }
        command.isDone = true
        metrics.ended(reply, accepted: command.accepted ?? now, now: now)
        completions.append((command, reply))
    }

    /// Wakes the callers, all at once and when the connections' work is done.
    private func resumeCompletions() {
        guard !completions.isEmpty else { return }
        for (command, reply) in completions {
            command.resume(with: reply)
        }
        completions.removeAll(keepingCapacity: true)
        metrics.flush()
    }
}
