import RedisClient
import Synchronization
import TestSupport
import Testing

@Suite struct FaultTests {
    @Test func `a command cut before it reaches the server fails as unknown and has not run`() async throws {
        try await withRedis { server, direct in
            let proxy = try FaultProxy(to: server)
            let redis = server.makeClient(socketPath: proxy.socketPath)
            proxy.set(.cutBeforeSend, on: "INCR", times: 1)
            let error = await #expect(throws: RedisError.self) { try await redis.send(RedisCommand("INCR", "count")) }
            #expect(error?.code == .outcomeUnknown)
            #expect(try await direct.send(RedisCommand("GET", "count")).isNull)
            // The next one finds a new connection by itself.
            #expect(try await redis.send(RedisCommand("INCR", "count")) == .integer(1))
            await redis.close()
        }
    }

    @Test(arguments: [FaultProxy.Mode.cutAfterSend, .cutBeforeReply])
    func `a command cut after it reached the server fails as unknown and has run once`(mode: FaultProxy.Mode)
        async throws
    {
        try await withRedis { server, direct in
            let proxy = try FaultProxy(to: server)
            let redis = server.makeClient(socketPath: proxy.socketPath)
            proxy.set(mode, on: "INCR", times: 1)
            let error = await #expect(throws: RedisError.self) { try await redis.send(RedisCommand("INCR", "count")) }
            #expect(error?.code == .outcomeUnknown)
            try await eventually { try await direct.send(RedisCommand("GET", "count")).int == 1 }
            await redis.close()
        }
    }

    @Test(arguments: [FaultProxy.Mode.cutBeforeSend, .cutAfterSend, .cutBeforeReply])
    func `a safe command is sent again after a cut`(mode: FaultProxy.Mode) async throws {
        try await withRedis { server, _ in
            let proxy = try FaultProxy(to: server)
            let redis = server.makeClient(socketPath: proxy.socketPath)
            proxy.set(mode, on: "SET", times: 3)
            #expect(try await redis.send(RedisCommand("SET", "key", "value").retrying(.safe)) == .status("OK"))
            #expect(proxy.faults == 3)
            await redis.close()
        }
    }

    @Test func `a late reply is dropped and the neighbours get their own`() async throws {
        try await withRedis { server, direct in
            _ = try await direct.send(RedisCommand("MSET", "a", "1", "b", "2"))
            server.pause()
            async let neighbour = direct.send(RedisCommand("GET", "b"))
            let error = await #expect(throws: RedisError.self) {
                try await direct.send(RedisCommand("GET", "a").timeout(.milliseconds(100)))
            }
            #expect(error?.code == .timedOut)
            async let later = direct.send(RedisCommand("MGET", "a", "b"))
            server.resume()
            #expect(try await neighbour.string == "2")
            #expect(try await later.array?.compactMap(\.string) == ["1", "2"])
        }
    }

    @Test func `a command that its own task wrote expires, though the client's thread slept without end`() async throws
    {
        try await withRedis { server, redis in
            _ = try await redis.send(RedisCommand("PING"))
            // Longer than the thread stays attentive; whether it is asleep yet makes no difference to what is expected.
            try await Task.sleep(for: .milliseconds(1_200))
            server.pause()
            defer { server.resume() }
            let error = await #expect(throws: RedisError.self) {
                try await redis.send(RedisCommand("GET", "a").timeout(.milliseconds(50)))
            }
            #expect(error?.code == .timedOut)
        }
    }

    @Test func `a cancelled caller returns at once and its neighbours live on`() async throws {
        try await withRedis { server, redis in
            _ = try await redis.send(RedisCommand("SET", "b", "2"))
            server.pause()
            let tasks = (0..<100).map { index in
                Task { try await redis.send(RedisCommand("INCRBY", "count", RedisArgument(index))) }
            }
            let neighbour = Task { try await redis.send(RedisCommand("GET", "b")) }
            for task in tasks {
                task.cancel()
            }
            for task in tasks {
                let error = await #expect(throws: RedisError.self) { try await task.value }
                #expect(error?.code == .cancelled)
            }
            server.resume()
            let reply = try await neighbour.value
            #expect(reply.string == "2")
        }
    }

    @Test func `a task that was cancelled before sends nothing`() async throws {
        try await withRedis { _, redis in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await redis.send(RedisCommand("SET", "key", "value"))
            }
            let error = await #expect(throws: RedisError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            let stored = try await redis.send(RedisCommand("GET", "key"))
            #expect(stored.isNull)
        }
    }

    @Test func `without a server a command waits until its timeout and was not sent`() async throws {
        try await withRedis { server, redis in
            _ = try await redis.send(RedisCommand("PING"))
            server.kill()
            let error = await #expect(throws: RedisError.self) {
                try await redis.send(RedisCommand("PING").timeout(.milliseconds(300)))
            }
            // The cut may have hit it while it was in flight; afterwards nothing can be.
            #expect(error?.code == .notSent || error?.code == .outcomeUnknown)
            let second = await #expect(throws: RedisError.self) {
                try await redis.send(RedisCommand("PING").timeout(.milliseconds(300)))
            }
            #expect(second?.code == .notSent)
            async let waiting = redis.send(RedisCommand("PING"))
            try await server.restart()
            #expect(try await waiting == .status("PONG"))
        }
    }

    @Test func `a server that loads its data is waited for`() async throws {
        let configuration = ["key-load-delay 2000", "loading-process-events-interval-bytes 1024"]
        try await withRedis(configuration: configuration) { server, redis in
            let filling = (0..<2_000).map {
                RedisCommand("SET", "key:\($0)", RedisArgument([UInt8](repeating: 120, count: 100)))
            }
            _ = await redis.send(filling)
            _ = try await redis.send(RedisCommand("SAVE"))
            let reload = Task { try await redis.send(RedisCommand("DEBUG", "RELOAD", "NOSAVE").timeout(.seconds(60))) }
            let other = server.makeClient { $0.commandTimeout = .seconds(60) }
            for _ in 0..<20 {
                #expect(try await other.send(RedisCommand("GET", "key:1")).bytes?.count == 100)
            }
            _ = try await reload.value
            await other.close()
        }
    }

    @Test func `a full server's refusal is the server's error`() async throws {
        try await withRedis(configuration: ["maxmemory 3mb"]) { _, redis in
            let value = RedisArgument([UInt8](repeating: 120, count: 1 << 20))
            let error = await #expect(throws: RedisError.self) {
                for index in 0..<8 {
                    _ = try await redis.send(RedisCommand("SET", "key:\(index)", value))
                }
            }
            #expect(error?.code == .server)
            #expect(error?.serverError?.prefix == "OOM")
            let pong = try await redis.send(RedisCommand("PING"))
            #expect(pong == .status("PONG"))
        }
    }

    @Test func `a server with too many clients is said to be that`() async throws {
        try await withRedis(configuration: ["maxclients 1"]) { server, redis in
            _ = try await redis.send(RedisCommand("PING"))
            let late = server.makeClient { $0.commandTimeout = .seconds(3) }
            let error = await #expect(throws: RedisError.self) {
                try await late.send(RedisCommand("SET", "key", "value"))
            }
            #expect(error?.code == .notSent)
            #expect(error?.message.contains("max number of clients") == true, "\(String(describing: error))")
            await late.close()
        }
    }

    @Test func `a wrong password is said, and nothing is sent`() async throws {
        try await withRedis(configuration: ["requirepass secret"], adjust: { $0.password = "secret" }) {
            server, redis in
            _ = try await redis.send(RedisCommand("PING"))
            let stranger = server.makeClient {
                $0.password = "guess"
                $0.commandTimeout = .seconds(3)
            }
            let error = await #expect(throws: RedisError.self) { try await stranger.send(RedisCommand("PING")) }
            #expect(error?.code == .notSent)
            #expect(error?.message.contains("WRONGPASS") == true)
            await stranger.close()
        }
    }

    @Test func `a reply nested too deeply is a clear error and the client goes on`() async throws {
        try await withRedis { _, redis in
            func nest(_ depth: Int) -> RedisScript {
                RedisScript(
                    name: "nest",
                    source: "local t = 1 for _ = 1, \(depth) do t = {t} end return t")
            }
            let deep = try await redis.eval(nest(7), keys: [], arguments: [])
            #expect(deep[0][0][0][0][0][0][0] == .integer(1))
            let error = await #expect(throws: RedisError.self) {
                try await redis.eval(nest(9), keys: [], arguments: [])
            }
            #expect(error?.code == .protocolViolation)
            #expect(error?.message.contains("nested") == true)
            let pong = try await redis.send(RedisCommand("PING"))
            #expect(pong == .status("PONG"))
        }
    }

    @Test func `a socket path that is too long is an error, not another socket`() async throws {
        let path = "/tmp/" + String(repeating: "x", count: 110)
        let configuration = RedisConfiguration(address: .unix(path: path), commandTimeout: .seconds(3))
        let redis = RedisClient(configuration, logger: .quiet)
        let error = await #expect(throws: RedisError.self) { try await redis.send(RedisCommand("PING")) }
        #expect(error?.code == .notSent)
        #expect(error?.message.contains("longer than") == true)
        await redis.close()
    }
}
