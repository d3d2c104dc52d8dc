import Testing

@testable import RedisClient

/// The logic of a connection, driven by hand: no socket, no clock.
@Suite struct LinkStateTests {
    private static let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private static func makeState(isDedicated: Bool = false) -> LinkState {
        LinkState(configuration: RedisConfiguration(address: .unix(path: "x")), isDedicated: isDedicated, seed: 7)
    }

    private static func pending(_ name: String, retry: RedisClient.Retry = .never) -> PendingCommand {
        PendingCommand(RedisCommand(name).retrying(retry), defaultTimeout: .seconds(10))
    }

    /// Connects a state up to the point where commands flow.
    private static func connect(_ state: inout LinkState, now: MonotonicTime = start) {
        state.beginConnecting(now: now)
        for _ in state.connected(now: now) {
            _ = state.reply(.status("PONG"), now: now)
        }
    }

    private static func accept(_ commands: PendingCommand..., in state: inout LinkState) throws {
        for command in commands {
            _ = try state.enqueue(command).get()
        }
    }

    @Test func `the first command asks for a connection and waits for the greeting`() throws {
        var state = Self.makeState()
        let command = Self.pending("GET")
        #expect(try state.enqueue(command).get() == .connect)
        #expect(state.takeNext() == nil)
        state.beginConnecting(now: Self.start)
        #expect(state.connected(now: Self.start).map(\.name) == ["PING"])
        #expect(state.takeNext() == nil)
        guard case .becameReady = state.reply(.status("PONG"), now: Self.start) else {
            Issue.record("not ready")
            return
        }
        #expect(state.takeNext() === command)
        #expect(state.takeNext() == nil)
    }

    @Test func `replies go to the commands in their order`() throws {
        var state = Self.makeState()
        let commands = [Self.pending("A"), Self.pending("B")]
        try Self.accept(commands[0], commands[1], in: &state)
        Self.connect(&state)
        while state.takeNext() != nil {}
        for (index, command) in commands.enumerated() {
            guard case .complete(let answered, let reply) = state.reply(.integer(Int64(index)), now: Self.start) else {
                Issue.record("no completion")
                return
            }
            #expect(answered === command)
            #expect(try reply.get() == .integer(Int64(index)))
        }
    }

    @Test func `a tombstone takes its reply and its neighbour gets its own`() throws {
        var state = Self.makeState()
        let (gone, neighbour) = (Self.pending("A"), Self.pending("B"))
        try Self.accept(gone, neighbour, in: &state)
        Self.connect(&state)
        while state.takeNext() != nil {}
        let (error, action) = state.cancel(gone)
        gone.isDone = true
        #expect(error.code == .cancelled)
        #expect(action == .none)
        guard case .none = state.reply(.integer(1), now: Self.start) else {
            Issue.record("the tombstone's reply went somewhere")
            return
        }
        guard case .complete(let answered, let reply) = state.reply(.integer(2), now: Self.start) else {
            Issue.record("no completion")
            return
        }
        #expect(answered === neighbour)
        #expect(try reply.get() == .integer(2))
    }

    @Test func `a cut tells apart what was written, what was not and what may be repeated`() throws {
        var state = Self.makeState()
        let written = Self.pending("A")
        let safe = Self.pending("B", retry: .safe)
        let half = Self.pending("C")
        let waiting = Self.pending("D")
        try Self.accept(written, safe, half, in: &state)
        Self.connect(&state)
        while state.takeNext() != nil {}
        try Self.accept(waiting, in: &state)
        // All of A and B, all of C but its last byte.
        let failures = state.disconnected(written: half.endOffset - 1, reason: .lost("test"), now: Self.start)
        #expect(failures.map(\.command.command.name) == ["A"])
        #expect(failures.first?.error.code == .outcomeUnknown)
        let due = try #require(state.nextTimer)
        #expect(state.timerFired(now: due) == .connect)
        Self.connect(&state, now: due)
        var names: [String] = []
        while let command = state.takeNext() {
            names.append(command.command.name)
        }
        #expect(names == ["B", "C", "D"])
    }

    @Test func `a command that waits in vain was not sent, a written one timed out`() throws {
        var state = Self.makeState()
        let (written, waiting) = (Self.pending("A"), Self.pending("B"))
        try Self.accept(written, in: &state)
        Self.connect(&state)
        _ = state.takeNext()
        try Self.accept(waiting, in: &state)
        #expect(state.expire(waiting, now: Self.start).0.code == .notSent)
        #expect(state.expire(written, now: Self.start).0.code == .timedOut)
    }

    @Test func `a repeated command that finds no connection again may have run`() throws {
        var state = Self.makeState()
        let safe = Self.pending("A", retry: .safe)
        try Self.accept(safe, in: &state)
        Self.connect(&state)
        _ = state.takeNext()
        _ = state.disconnected(written: .max, reason: .lost("test"), now: Self.start)
        #expect(state.expire(safe, now: Self.start).0.code == .timedOut)
    }

    @Test(arguments: ["LOADING Redis is loading", "READONLY You can't write", "MASTERDOWN Link is down"])
    func `not now is asked again after a pause, even if it is not safe to repeat`(message: String) throws {
        var state = Self.makeState()
        let (first, second) = (Self.pending("A"), Self.pending("B"))
        try Self.accept(first, in: &state)
        Self.connect(&state)
        _ = state.takeNext()
        let refusal = RESPValue.error(RedisServerError(message: message))
        guard case .none = state.reply(refusal, now: Self.start) else {
            Issue.record("the refusal reached the caller")
            return
        }
        try Self.accept(second, in: &state)
        #expect(state.takeNext() == nil)
        let due = try #require(state.nextTimer)
        #expect(due > Self.start)
        #expect(state.timerFired(now: due) == .none)
        #expect(state.takeNext() === first)
        #expect(state.takeNext() === second)
    }

    @Test func `a server that does not let the client in is tried again later`() throws {
        var state = Self.makeState()
        let command = Self.pending("A")
        try Self.accept(command, in: &state)
        state.beginConnecting(now: Self.start)
        _ = state.connected(now: Self.start)
        let refusal = RESPValue.error(RedisServerError(message: "ERR max number of clients reached"))
        guard case .cut(let reason) = state.reply(refusal, now: Self.start) else {
            Issue.record("not cut")
            return
        }
        let failures = state.disconnected(written: 0, reason: .lost(reason), now: Self.start)
        #expect(failures.isEmpty)
        let (error, _) = state.expire(command, now: Self.start)
        #expect(error.code == .notSent)
        #expect(error.message.contains("max number of clients"))
    }

    @Test func `an unreadable reply is the oldest command's fault and is not asked for again`() throws {
        var state = Self.makeState()
        let (culprit, neighbour) = (Self.pending("A", retry: .safe), Self.pending("B", retry: .safe))
        try Self.accept(culprit, neighbour, in: &state)
        Self.connect(&state)
        while state.takeNext() != nil {}
        let failures = state.disconnected(written: .max, reason: .protocolViolation("too deep"), now: Self.start)
        #expect(failures.map(\.command.command.name) == ["A"])
        #expect(failures.first?.error.code == .protocolViolation)
    }

    @Test func `a cut transaction stays cut until the connection is given back`() throws {
        var state = Self.makeState(isDedicated: true)
        try Self.accept(Self.pending("MULTI"), in: &state)
        Self.connect(&state)
        _ = state.takeNext()
        _ = state.reply(.status("OK"), now: Self.start)
        let queued = Self.pending("INCR", retry: .safe)
        try Self.accept(queued, in: &state)
        _ = state.takeNext()
        let failures = state.disconnected(written: .max, reason: .lost("test"), now: Self.start)
        #expect(failures.map(\.error.code) == [.outcomeUnknown])
        #expect(throws: RedisError.self) { try state.enqueue(Self.pending("EXEC")).get() }
        state.reset()
        #expect(try state.enqueue(Self.pending("GET")).get() == .connect)
    }

    @Test func `a dedicated connection does not outlive a command that is cancelled or late`() throws {
        var state = Self.makeState(isDedicated: true)
        let command = Self.pending("BLPOP")
        try Self.accept(command, in: &state)
        Self.connect(&state)
        _ = state.takeNext()
        guard case .cut = state.cancel(command).1, case .cut = state.expire(command, now: Self.start).1 else {
            Issue.record("the connection would be reused")
            return
        }
    }

    @Test func `a peer that is silent for a whole timeout is given up, but not while an older command may take longer`()
        throws
    {
        var state = Self.makeState()
        let (slow, late) = (Self.pending("SLOW"), Self.pending("A"))
        try Self.accept(slow, late, in: &state)
        Self.connect(&state)
        while state.takeNext() != nil {}
        let soon = Self.start.advanced(by: .seconds(1))
        let later = Self.start.advanced(by: .seconds(10))
        #expect(state.expire(slow, now: soon).1 == .none)
        #expect(state.expire(late, now: later).1 == .none)
        slow.isDone = true
        guard case .cut = state.expire(late, now: later).1 else {
            Issue.record("a dead peer is kept")
            return
        }
    }

    @Test func `closing fails what waits and what blocks, and waits for the rest`() throws {
        var state = Self.makeState(isDedicated: true)
        let blocked = PendingCommand(RedisCommand("BLPOP", "list", 0), defaultTimeout: .seconds(10))
        let running = Self.pending("GET")
        try Self.accept(running, blocked, in: &state)
        Self.connect(&state)
        while state.takeNext() != nil {}
        #expect(state.drain().map(\.command.command.name) == ["BLPOP"])
        blocked.isDone = true
        #expect(state.hasLiveCommands)
        _ = state.reply(.null, now: Self.start)
        #expect(!state.hasLiveCommands)
    }

    @Test func `commands that expire during an outage do not pile up`() throws {
        var state = Self.makeState()
        for _ in 0..<10_000 {
            let command = Self.pending("A")
            _ = try state.enqueue(command).get()
            _ = state.expire(command, now: Self.start)
            command.isDone = true
        }
        #expect(state.waiting.count < 200)
    }
}
