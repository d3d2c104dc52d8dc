/// The logic of one connection: what waits, what is in flight, and what becomes of both when replies, cuts and timeouts come.
///
/// A value without I/O. ``Link`` asks it what to write and tells it what happened.
struct LinkState {
    enum Phase: Equatable {
        /// No connection and no need for one.
        case idle
        /// A connection is being made until a deadline.
        case connecting(until: MonotonicTime)
        /// Connected; the replies to AUTH, SELECT, CLIENT SETNAME and PING are due.
        case greeting(due: Int, until: MonotonicTime)
        case ready
        /// The last attempt failed, or the connection was cut.
        case backingOff(until: MonotonicTime)
    }

    /// What the owner of the state has to do next.
    enum Action: Equatable {
        case none
        /// Open a connection now, then call ``connected()`` or ``disconnected(written:reason:now:)``.
        case connect
        /// Throw the connection away now, then call ``disconnected(written:reason:now:)``.
        case cut(String)
    }

    enum ReplyAction {
        /// Somebody waits for it.
        case complete(PendingCommand, PendingCommand.Reply)
        /// Nobody waits (a tombstone), or the reply only moved the state.
        case none
        /// The greeting is over: commands may flow.
        case becameReady
        /// The server does not let this client in, or not yet.
        case cut(String)
    }

    typealias Failure = (command: PendingCommand, error: RedisError)

    let configuration: RedisConfiguration
    /// A dedicated connection may carry state (a transaction), connects only when needed, and cannot outlive a blocked command.
    let isDedicated: Bool

    private(set) var phase = Phase.idle
    private(set) var waiting = RingBuffer<PendingCommand>()
    private(set) var inFlight = RingBuffer<PendingCommand>()
    /// Commands that the server answered with "not now", in their order.
    private(set) var refused: [PendingCommand] = []
    private(set) var pausedUntil: MonotonicTime?
    /// What this server said that only a replica says: the primary is elsewhere, and so will be this connection.
    private var demotion: String?
    /// State was lost with the connection (a transaction): nothing may be sent until ``reset()``.
    private(set) var isBroken = false
    private(set) var lastFailure = "no connection yet"
    private var hasConnectionState = false
    private var appended: UInt64 = 0
    private var finishedWhileWaiting = 0
    private var lastReceived = MonotonicTime(nanoseconds: 0)
    private var reconnects: Backoff
    private var pauses: Backoff

    init(configuration: RedisConfiguration, isDedicated: Bool, seed: UInt64) {
        self.configuration = configuration
        self.isDedicated = isDedicated
        reconnects = Backoff(
            minimum: configuration.minimumBackoff, maximum: configuration.maximumBackoff, seed: seed)
        pauses = Backoff(
            minimum: configuration.minimumBackoff, maximum: configuration.maximumBackoff, seed: ~seed)
    }

    /// Whether a command would be sent at once and be the only one under way.
    var isQuiet: Bool { phase == .ready && pausedUntil == nil && inFlight.isEmpty && waiting.isEmpty }

    // MARK: Commands in

    /// Takes a command from a caller.
    ///
    /// An error means that it was not taken.
    mutating func enqueue(_ command: PendingCommand) -> Result<Action, RedisError> {
        guard !isBroken else {
            return .failure(RedisError(.closed, "the connection was cut while it held a transaction"))
        }
        command.stage = .waiting
        waiting.append(command)
        guard phase == .idle else { return .success(.none) }
        return .success(.connect)
    }

    /// The next command to write, which is in flight from now on; `nil` while there is nothing to write or it must wait.
    mutating func takeNext() -> PendingCommand? {
        guard phase == .ready, pausedUntil == nil else { return nil }
        while let command = waiting.popFirst() {
            guard !command.isDone else {
                finishedWhileWaiting = max(0, finishedWhileWaiting - 1)
                continue
            }
            command.stage = .inFlight
            appended += UInt64(command.command.encodedCount)
            command.endOffset = appended
            inFlight.append(command)
            noteConnectionState(command.command.kind)
            return command
        }
        return nil
    }

    private mutating func noteConnectionState(_ kind: RedisCommandKind) {
        switch kind {
        case .opensTransaction, .changesConnection: hasConnectionState = true
        case .closesTransaction: hasConnectionState = false
        case .ordinary, .blocking, .forbidden: break
        }
    }

    // MARK: The connection's life

    mutating func beginConnecting(now: MonotonicTime) {
        phase = .connecting(until: now.advanced(by: configuration.connectTimeout))
    }

    /// The socket is open.
    ///
    /// Returns the commands of the greeting, whose replies come before all others.
    mutating func connected(now: MonotonicTime) -> [RedisCommand] {
        var greeting: [RedisCommand] = []
        if let password = configuration.password {
            if let username = configuration.username {
                greeting.append(RedisCommand("AUTH", RedisArgument(username), RedisArgument(password)))
            } else {
                greeting.append(RedisCommand("AUTH", RedisArgument(password)))
            }
        }
        if configuration.database != 0 {
            greeting.append(RedisCommand("SELECT", RedisArgument(configuration.database)))
        }
        if let name = configuration.clientName {
            greeting.append(RedisCommand("CLIENT", "SETNAME", RedisArgument(name)))
        }
        // Always one reply to wait for: a full server answers the first command with its refusal, a loading one with LOADING, and
        // neither may hit a caller's command.
        greeting.append(RedisCommand("PING"))
        // A Sentinel that has not heard of a failover yet names a server that was the primary.
        if configuration.followsPrimary { greeting.append(RedisCommand("ROLE")) }
        appended = greeting.reduce(0) { $0 + UInt64($1.encodedCount) }
        phase = .greeting(due: greeting.count, until: now.advanced(by: configuration.connectTimeout))
        lastReceived = now
        return greeting
    }

    /// The connection is gone, or could not be made.
    ///
    /// - Parameter written: how many bytes the kernel took. A command that was not written to its last byte has not run.
    /// - Returns: the commands that fail; the others wait for the next connection.
    mutating func disconnected(written: UInt64, reason: CutReason, now: MonotonicTime) -> [Failure] {
        var failures: [Failure] = []
        var again: [PendingCommand] = []
        var isHead = true
        lastFailure = reason.description
        let losesState = isDedicated && hasConnectionState
        let hadStarted = phase == .ready
        while let command = inFlight.popFirst() {
            defer { isHead = false }
            guard !command.isDone else { continue }
            if command.endOffset > written, !losesState, !command.isBound {
                again.append(command)
            } else if isHead, case .protocolViolation(let message) = reason {
                failures.append((command, RedisError(.protocolViolation, message)))
            } else if command.command.retry == .safe, !losesState, !command.isBound {
                command.mayHaveRun = true
                again.append(command)
            } else {
                let text = "\(command.command.name): the connection was cut before the reply (\(reason.description))"
                failures.append((command, RedisError(command.endOffset > written ? .notSent : .outcomeUnknown, text)))
            }
        }
        again.append(contentsOf: refused.filter { !$0.isDone })
        refused = []
        pausedUntil = nil
        demotion = nil
        for command in again {
            command.stage = .waiting
        }
        if hadStarted { failures += failBound() }
        waiting.prepend(contentsOf: again)
        if losesState {
            isBroken = true
            failures.append(contentsOf: failWaiting(.notSent, "the connection was cut while it held a transaction"))
        }
        hasConnectionState = false
        appended = 0
        if isDedicated, !hasLiveWaiting {
            phase = .idle
        } else {
            phase = .backingOff(until: now.advanced(by: reconnects.next()))
        }
        return failures
    }

    /// There is news of the primary: the next attempt need not wait.
    mutating func hurry(now: MonotonicTime) {
        reconnects.reset()
        if case .backingOff = phase { phase = .backingOff(until: now) }
    }

    /// Makes a dedicated connection fit for its next user; the shell cuts the old one.
    mutating func reset() {
        isBroken = false
        hasConnectionState = false
    }

    // MARK: Replies

    /// A reply came: it belongs to the greeting or to the oldest command in flight.
    mutating func reply(_ value: RESPValue, now: MonotonicTime) -> ReplyAction {
        lastReceived = now
        if case .greeting(let due, let until) = phase {
            return greetingReply(value, due: due, until: until)
        }
        guard let command = inFlight.popFirst() else { return .cut("a reply that nobody asked for") }
        guard case .error(let error) = value else {
            pauses.reset()
            guard !command.isDone else { return .none }
            return .complete(command, .success(value))
        }
        guard !command.isDone else { return .none }
        guard error.isNotNow, !hasConnectionState else {
            return .complete(command, .failure(RedisError(server: error)))
        }
        if configuration.followsPrimary, error.isFromReplica { demotion = error.message }
        // What is in flight behind it gets its answer during the pause, before a demoted server is left.
        if pausedUntil == nil { pausedUntil = now.advanced(by: pauses.next()) }
        guard !command.isBound else { return .complete(command, .failure(RedisError(server: error))) }
        // It did not run, so it may be sent again, even if it is not marked safe.
        command.refusal = error
        command.stage = .waiting
        refused.append(command)
        return .none
    }

    private mutating func greetingReply(_ value: RESPValue, due: Int, until: MonotonicTime) -> ReplyAction {
        if case .error(let error) = value {
            lastFailure = error.message
            return .cut(error.message)
        }
        if due == 1, configuration.followsPrimary, value[0].string != "master" {
            return .cut("the server is not the primary, its role is \(value[0].string ?? "unknown")")
        }
        guard due == 1 else {
            phase = .greeting(due: due - 1, until: until)
            return .none
        }
        phase = .ready
        reconnects.reset()
        return .becameReady
    }

    // MARK: Time

    /// When ``timerFired(now:)`` is due.
    var nextTimer: MonotonicTime? {
        switch phase {
        case .connecting(let until), .greeting(_, let until), .backingOff(let until): until
        case .ready: pausedUntil
        case .idle: nil
        }
    }

    mutating func timerFired(now: MonotonicTime) -> Action {
        guard let due = nextTimer, due <= now else { return .none }
        switch phase {
        case .connecting: return .cut("no connection within \(configuration.connectTimeout)")
        case .greeting: return .cut("no answer to the greeting within \(configuration.connectTimeout)")
        case .backingOff: return .connect
        case .ready:
            pausedUntil = nil
            if let demotion { return .cut(demotion) }
            waiting.prepend(contentsOf: refused.filter { !$0.isDone })
            refused = []
            return .none
        case .idle: return .none
        }
    }

    /// A command's time is up.
    ///
    /// Returns its error and what to do with the connection.
    mutating func expire(_ command: PendingCommand, now: MonotonicTime) -> (RedisError, Action) {
        let name = command.command.name
        switch command.stage {
        case .waiting:
            noteFinishedWhileWaiting()
            if command.mayHaveRun {
                return (
                    RedisError(.timedOut, "\(name): cut after it was sent, no connection since (\(lastFailure))"), .none
                )
            }
            let reason = command.refusal.map { "the server says: \($0.message)" } ?? lastFailure
            return (RedisError(.notSent, "\(name): \(reason)", underlying: command.refusal), .none)
        case .inFlight:
            return (RedisError(.timedOut, "\(name): no reply in time"), actionOnExpiry(of: command, now: now))
        }
    }

    private func actionOnExpiry(of command: PendingCommand, now: MonotonicTime) -> Action {
        // Its state is anybody's guess, and a blocked server would answer into the next user's hands.
        guard !isDedicated else { return .cut("a command on a dedicated connection timed out") }
        // Not one byte for a whole timeout, and no older command that may rightly take longer: the peer is gone (a cable, a
        // frozen host). Without this a dead TCP connection would time out every command for a quarter of an hour.
        guard lastReceived.advanced(by: configuration.commandTimeout) <= now,
            inFlight.firstElement(where: { !$0.isDone }) === command
        else { return .none }
        return .cut("no reply for \(configuration.commandTimeout)")
    }

    /// A command's caller was cancelled.
    mutating func cancel(_ command: PendingCommand) -> (RedisError, Action) {
        let name = command.command.name
        switch command.stage {
        case .waiting:
            noteFinishedWhileWaiting()
            let text = command.mayHaveRun ? "cancelled after it was sent" : "cancelled before it was sent"
            return (RedisError(.cancelled, "\(name): \(text)"), .none)
        case .inFlight:
            let action = isDedicated ? Action.cut("a command on a dedicated connection was cancelled") : .none
            return (RedisError(.cancelled, "\(name): cancelled after it was sent"), action)
        }
    }

    /// Expired commands leave `waiting` when they surface; during a long outage they are swept when they are the majority.
    private mutating func noteFinishedWhileWaiting() {
        finishedWhileWaiting += 1
        guard finishedWhileWaiting > 64, finishedWhileWaiting * 2 > waiting.count else { return }
        // The one that is just expiring is marked by the caller later and swept next time.
        waiting.removeAll { $0.isDone }
        finishedWhileWaiting = 1
    }

    // MARK: The end

    /// Whether somebody still waits for something that can be had on this connection.
    var hasLiveCommands: Bool {
        inFlight.firstElement { !$0.isDone } != nil || hasLiveWaiting
    }

    private var hasLiveWaiting: Bool {
        waiting.firstElement { !$0.isDone } != nil || refused.contains { !$0.isDone }
    }

    /// The client closes: what cannot be written now fails, what blocks is not waited for.
    mutating func drain() -> [Failure] {
        var failures: [Failure] = []
        if phase != .ready || pausedUntil != nil {
            failures = failWaiting(.closed, "the client was closed before the command was sent")
        }
        inFlight.forEach { command in
            guard !command.isDone, command.command.kind.isBlocking else { return }
            failures.append((command, RedisError(.outcomeUnknown, "the client was closed while the command blocked")))
        }
        return failures
    }

    /// What belongs to commands that this connection may have carried cannot follow on the next.
    private mutating func failBound() -> [Failure] {
        guard waiting.firstElement(where: { $0.isBound }) != nil else { return [] }
        var failures: [Failure] = []
        waiting.removeAll { command in
            guard command.isBound, !command.isDone else { return false }
            let text = "\(command.command.name): the connection was cut before it was sent (\(lastFailure))"
            failures.append((command, RedisError(.notSent, text)))
            return true
        }
        return failures
    }

    private mutating func failWaiting(_ code: RedisError.Code, _ message: String) -> [Failure] {
        var failures: [Failure] = []
        for command in refused where !command.isDone {
            failures.append((command, RedisError(command.mayHaveRun ? .outcomeUnknown : code, message)))
        }
        refused = []
        while let command = waiting.popFirst() {
            guard !command.isDone else { continue }
            failures.append((command, RedisError(command.mayHaveRun ? .outcomeUnknown : code, message)))
        }
        finishedWhileWaiting = 0
        return failures
    }
}
