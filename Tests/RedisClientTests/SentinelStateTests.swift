import Testing

@testable import RedisClient

/// The logic of a connection that follows a primary, driven by hand.
@Suite struct SentinelStateTests {
    private static let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private static func makeState() -> LinkState {
        let address = RedisConfiguration.Address.sentinel(master: "m", sentinels: [.init(host: "127.0.0.1")])
        return LinkState(configuration: RedisConfiguration(address: address), isDedicated: false, seed: 7)
    }

    private static func greet(_ state: inout LinkState, role: String) -> LinkState.ReplyAction {
        state.beginConnecting(now: start)
        #expect(state.connected(now: start).map(\.name) == ["PING", "ROLE"])
        _ = state.reply(.status("PONG"), now: start)
        return state.reply(.array([.bytes(Array(role.utf8)), .integer(0)]), now: start)
    }

    @Test func `a server that is not the primary is left before any command reaches it`() throws {
        var state = Self.makeState()
        let command = PendingCommand(RedisCommand("SET", "a", "1"), defaultTimeout: .seconds(10))
        _ = try state.enqueue(command).get()
        guard case .cut(let reason) = Self.greet(&state, role: "slave") else {
            Issue.record("a replica was taken for the primary")
            return
        }
        #expect(reason.contains("slave"))
        #expect(state.disconnected(written: 0, reason: .lost(reason), now: Self.start).isEmpty)
        let due = try #require(state.nextTimer)
        #expect(state.timerFired(now: due) == .connect)
        guard case .becameReady = Self.greet(&state, role: "master") else {
            Issue.record("the primary was not taken")
            return
        }
        #expect(state.takeNext() === command)
    }

    @Test(arguments: [
        "READONLY You can't write against a read only replica.",
        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
    ])
    func `a primary that became a replica is left, and its refusal is asked again elsewhere`(message: String) throws {
        var state = Self.makeState()
        let (refused, neighbour) = (
            PendingCommand(RedisCommand("SET", "a", "1"), defaultTimeout: .seconds(10)),
            PendingCommand(RedisCommand("GET", "a"), defaultTimeout: .seconds(10))
        )
        for command in [refused, neighbour] { _ = try state.enqueue(command).get() }
        _ = Self.greet(&state, role: "master")
        while state.takeNext() != nil {}
        _ = state.reply(.error(RedisServerError(message: message)), now: Self.start)
        // What is in flight behind the refusal still gets its answer.
        guard case .complete(let answered, _) = state.reply(.null, now: Self.start) else {
            Issue.record("no completion")
            return
        }
        #expect(answered === neighbour)
        let due = try #require(state.nextTimer)
        guard case .cut(let reason) = state.timerFired(now: due) else {
            Issue.record("stays with a replica")
            return
        }
        #expect(reason == message)
        #expect(state.disconnected(written: .max, reason: .lost(reason), now: due).isEmpty)
        _ = Self.greet(&state, role: "master")
        #expect(state.takeNext() === refused)
    }

    @Test func `news of a new primary ends the pause before the next attempt`() throws {
        var state = Self.makeState()
        for _ in 0..<8 {
            state.beginConnecting(now: Self.start)
            _ = state.disconnected(written: 0, reason: .lost("refused"), now: Self.start)
        }
        let patient = try #require(state.nextTimer)
        state.hurry(now: Self.start)
        let hurried = try #require(state.nextTimer)
        #expect(hurried < patient && hurried == Self.start)
        #expect(state.timerFired(now: Self.start) == .connect)
    }
}
