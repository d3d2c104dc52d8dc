import TestSupport
import Testing

@testable import RedisClient

/// Writes that count only when a replica has them.
@Suite(.serialized) struct ReplicationTests {
    private func withPair(
        _ body: (_ redis: RedisClient, _ primary: RedisServer, _ replica: RedisServer) async throws -> Void
    ) async throws {
        let port = try TCPPort.unused()
        let primary = try await RedisServer.start(
            configuration: ["port \(port)", "bind 127.0.0.1", "repl-diskless-sync-delay 0"])
        let replica = try await RedisServer.start(configuration: ["replicaof 127.0.0.1 \(port)"])
        defer {
            primary.stop()
            replica.stop()
        }
        let client = primary.makeClient()
        try await eventually("the replica is online") {
            try await client.send(RedisCommand("INFO", "replication")).string?.contains("state=online") == true
        }
        try await body(client, primary, replica)
        await client.close()
    }

    private static let append = RedisScript(
        name: "append", source: "#!lua\nreturn redis.call('RPUSH', KEYS[1], ARGV[1])")

    @Test func `callers at the same time share a WAIT, and a replica has all that is acknowledged`() async throws {
        try await withPair { redis, _, replica in
            let copy = replica.makeClient()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        _ = try await redis.eval(
                            Self.append, keys: ["list"], arguments: [RedisArgument(number)],
                            replication: ReplicationRequirement(timeout: .seconds(10)))
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await copy.send(RedisCommand("LLEN", "list")).int == 500)
            let statistics = try await redis.send(RedisCommand("INFO", "commandstats")).string ?? ""
            let line = statistics.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_wait:calls=") } ?? ""
            let waits = Int(line.dropFirst("cmdstat_wait:calls=".count).prefix { $0.isNumber }) ?? 0
            #expect(waits > 0 && waits < 250, "\(waits) for 500 callers")
            await copy.close()
        }
    }

    @Test func `a replica that says nothing makes it not replicated, and other commands do not wait for it`()
        async throws
    {
        try await withPair { redis, _, replica in
            replica.pause()
            let slow = Task {
                try await redis.send(
                    RedisCommand("SET", "key", "value"), replication: ReplicationRequirement(timeout: .seconds(2)))
            }
            try await eventually("written on the primary") {
                try await redis.send(RedisCommand("GET", "key")).string == "value"
            }
            // `WAIT` is under way all this time.
            for number in 0..<100 { _ = try await redis.send(RedisCommand("SET", "other", RedisArgument(number))) }
            #expect(try await redis.blockedClients() == 1)
            let error = await #expect(throws: RedisError.self) {
                try await redis.send(
                    RedisCommand("SET", "key", "value"),
                    replication: ReplicationRequirement(timeout: .milliseconds(100)))
            }
            #expect(error?.code == .notReplicated)
            #expect(error?.mayHaveRun == true)
            replica.resume()
            _ = try? await slow.value
        }
    }

    @Test func `an error of the command itself is thrown, its neighbours count`() async throws {
        try await withPair { redis, _, _ in
            _ = try await redis.send(RedisCommand("SET", "text", "x"))
            let requirement = ReplicationRequirement(timeout: .seconds(10))
            let wrong = Task { try await redis.send(RedisCommand("INCR", "text"), replication: requirement) }
            async let right = redis.send(RedisCommand("INCR", "count"), replication: requirement)
            #expect(try await right == .integer(1))
            let error = await #expect(throws: RedisError.self) { try await wrong.value }
            #expect(error?.code == .server)
        }
    }

    @Test func `a cancelled caller returns at once and its neighbour is acknowledged`() async throws {
        try await withPair { redis, _, replica in
            replica.pause()
            let requirement = ReplicationRequirement(timeout: .seconds(30))
            let tasks = (0..<2).map { number in
                Task {
                    let push = RedisCommand("RPUSH", "list", RedisArgument(number))
                    return try await redis.send(push, replication: requirement)
                }
            }
            try await eventually("WAIT is under way") { try await redis.blockedClients() == 1 }
            tasks[0].cancel()
            let error = await #expect(throws: RedisError.self) { try await tasks[0].value }
            #expect(error?.code == .cancelled)
            replica.resume()
            _ = try await tasks[1].value
        }
    }

    @Test func `WAIT by hand needs a connection of its own`() async throws {
        try await withRedis { _, redis in
            let error = await #expect(throws: RedisError.self) { try await redis.send(RedisCommand("WAIT", 0, 10)) }
            #expect(error?.code == .invalidCommand)
            let count = try await redis.withConnection { try await $0.send(RedisCommand("WAIT", 0, 10)) }
            #expect(count == .integer(0))
        }
    }
}

/// What a connection does with commands that belong together.
@Suite struct BoundCommandTests {
    private static let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private static func makeReady(_ commands: [PendingCommand]) throws -> LinkState {
        var state = LinkState(
            configuration: RedisConfiguration(address: .unix(path: "x")), isDedicated: false, seed: 7)
        for command in commands { _ = try state.enqueue(command).get() }
        state.beginConnecting(now: start)
        _ = state.connected(now: start)
        _ = state.reply(.status("PONG"), now: start)
        return state
    }

    private static func bound(_ name: String) -> PendingCommand {
        PendingCommand(RedisCommand(name).retrying(.safe), defaultTimeout: .seconds(10), isBound: true)
    }

    @Test func `a cut fails all of them, written or not, so that a WAIT never counts for another connection`() throws {
        let (answered, written, half, later) = (
            Self.bound("A"), Self.bound("B"), Self.bound("C"), Self.bound("WAIT")
        )
        var state = try Self.makeReady([answered, written, half])
        for _ in 0..<3 { _ = state.takeNext() }
        _ = try state.enqueue(later).get()
        guard case .complete = state.reply(.integer(1), now: Self.start) else {
            Issue.record("no completion")
            return
        }
        let failures = state.disconnected(written: half.endOffset - 1, reason: .lost("test"), now: Self.start)
        #expect(failures.map(\.command.command.name) == ["B", "C", "WAIT"])
        #expect(failures.map(\.error.code) == [.outcomeUnknown, .notSent, .notSent])
    }

    @Test func `they wait for the first connection like all others`() throws {
        let command = Self.bound("A")
        var state = LinkState(
            configuration: RedisConfiguration(address: .unix(path: "x")), isDedicated: false, seed: 7)
        _ = try state.enqueue(command).get()
        state.beginConnecting(now: Self.start)
        #expect(state.disconnected(written: 0, reason: .lost("refused"), now: Self.start).isEmpty)
        #expect(state.waiting.count == 1)
    }

    @Test func `not now goes to their sender, not around it`() throws {
        let command = Self.bound("A")
        var state = try Self.makeReady([command])
        _ = state.takeNext()
        let refusal = RESPValue.error(RedisServerError(message: "LOADING Redis is loading"))
        guard case .complete(let refused, .failure(let error)) = state.reply(refusal, now: Self.start) else {
            Issue.record("the connection kept it")
            return
        }
        #expect(refused === command && error.serverError?.prefix == "LOADING")
        // But what comes next waits out the pause.
        _ = try state.enqueue(Self.bound("A")).get()
        #expect(state.takeNext() == nil)
    }
}
