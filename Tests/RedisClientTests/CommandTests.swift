import RedisClient
import TestSupport
import Testing

@Suite struct CommandTests {
    @Test func `replies of every type arrive as values`() async throws {
        try await withRedis { _, redis in
            #expect(try await redis.send(RedisCommand("SET", "key", "value")) == .status("OK"))
            #expect(try await redis.send(RedisCommand("GET", "key")) == .bytes(Array("value".utf8)))
            #expect(try await redis.send(RedisCommand("GET", "none")) == .null)
            #expect(try await redis.send(RedisCommand("INCRBY", "count", 41)) == .integer(41))
            let array = try await redis.send(RedisCommand("MGET", "key", "none"))
            #expect(array[0].string == "value")
            #expect(array[1].isNull)
            #expect(array[2].isNull)
        }
    }

    @Test func `an error reply is thrown with its prefix`() async throws {
        try await withRedis { _, redis in
            _ = try await redis.send(RedisCommand("SET", "key", "value"))
            let error = await #expect(throws: RedisError.self) {
                try await redis.send(RedisCommand("LPUSH", "key", "x"))
            }
            #expect(error?.code == .server)
            #expect(error?.serverError?.prefix == "WRONGTYPE")
            #expect(error?.mayHaveRun == false)
        }
    }

    @Test func `commands sent together are answered in their order, errors included`() async throws {
        try await withRedis { _, redis in
            let replies = await redis.send([
                RedisCommand("SET", "key", "1"), RedisCommand("LPUSH", "key", "x"), RedisCommand("INCR", "key"),
            ])
            let (first, third) = (try replies[0].get(), try replies[2].get())
            #expect(first == .status("OK"))
            #expect(throws: RedisError.self) { try replies[1].get() }
            #expect(third == .integer(2))
        }
    }

    @Test func `bytes of any value survive both ways`() async throws {
        try await withRedis { _, redis in
            let bytes = (0...255).map { UInt8($0) }
            _ = try await redis.send(RedisCommand("SET", "bytes", RedisArgument(bytes)))
            #expect(try await redis.send(RedisCommand("GET", "bytes")) == .bytes(bytes))
            #expect(try await redis.send(RedisCommand("STRLEN", "none")) == .integer(0))
            _ = try await redis.send(RedisCommand("SET", "empty", ""))
            #expect(try await redis.send(RedisCommand("GET", "empty")) == .bytes([]))
        }
    }

    @Test func `ten thousand tasks at once share one connection`() async throws {
        try await withRedis { _, redis in
            let values = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<10_000 {
                    group.addTask { try await redis.send(RedisCommand("INCR", "count")).int ?? 0 }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(values == Set(1...10_000))
            let clients = try await redis.send(RedisCommand("CLIENT", "LIST")).string ?? ""
            #expect(clients.split(separator: "\n").count == 1)
        }
    }

    @Test func `commands that would hold up or confuse a shared connection are refused`() async throws {
        try await withRedis { _, redis in
            for command in [
                RedisCommand("BLPOP", "list", 0), RedisCommand("multi"), RedisCommand("SUBSCRIBE", "channel"),
                RedisCommand("XREAD", "BLOCK", 0, "STREAMS", "stream", "$"), RedisCommand("CLIENT", "REPLY", "OFF"),
            ] {
                let error = await #expect(throws: RedisError.self) { try await redis.send(command) }
                #expect(error?.code == .invalidCommand)
            }
            let pong = try await redis.send(RedisCommand("PING"))
            #expect(pong == .status("PONG"))
        }
    }

    @Test func `a connection logs in, chooses its database and names itself`() async throws {
        let adjust: (inout RedisConfiguration) -> Void = {
            $0.username = "worker"
            $0.password = "secret"
            $0.database = 3
            $0.clientName = "sunset-test"
        }
        try await withRedis(configuration: ["user worker on >secret ~* &* +@all"], adjust: adjust) { _, redis in
            let info = try await redis.send(RedisCommand("CLIENT", "INFO")).string ?? ""
            #expect(info.contains("user=worker"))
            #expect(info.contains("db=3"))
            #expect(info.contains("name=sunset-test"))
        }
    }

    @Test func `after close commands fail at once`() async throws {
        try await withRedis { _, redis in
            _ = try await redis.send(RedisCommand("PING"))
            await redis.close()
            let error = await #expect(throws: RedisError.self) { try await redis.send(RedisCommand("PING")) }
            #expect(error?.code == .closed)
            await redis.close()
        }
    }

    @Test func `a service that is told to stop has closed its client`() async throws {
        try await withRedis { _, redis in
            let service = Task { try await redis.run() }
            _ = try await redis.send(RedisCommand("PING"))
            service.cancel()
            try await service.value
            let error = await #expect(throws: RedisError.self) { try await redis.send(RedisCommand("PING")) }
            #expect(error?.code == .closed)
        }
    }

    @Test func `closing waits for the replies to what was sent`() async throws {
        try await withRedis { server, redis in
            _ = try await redis.send(RedisCommand("PING"))
            server.pause()
            let tasks = (0..<100).map { _ in Task { try await redis.send(RedisCommand("INCR", "count")) } }
            // All of them are in the mailbox or further when the hundred-and-first has timed out behind them.
            await #expect(throws: RedisError.self) {
                try await redis.send(RedisCommand("PING").timeout(.milliseconds(200)))
            }
            let close = Task { await redis.close() }
            server.resume()
            for task in tasks {
                _ = try await task.value
            }
            await close.value
        }
    }

    @Test func `a client that is dropped without close leaves no connection`() async throws {
        try await withRedis { server, redis in
            var dropped: RedisClient? = server.makeClient()
            _ = try await dropped?.send(RedisCommand("PING"))
            dropped = nil
            try await eventually {
                let clients = try await redis.send(RedisCommand("CLIENT", "LIST")).string ?? ""
                return clients.split(separator: "\n").count == 1
            }
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func `a server is reached over TCP by address and by name`(host: String) async throws {
        let port = try TCPPort.unused()
        try await withRedis(configuration: ["port \(port)", "bind 127.0.0.1"]) { _, direct in
            let redis = RedisClient(RedisConfiguration(address: .tcp(host: host, port: port)), logger: .quiet)
            let bytes = [UInt8](repeating: 7, count: 5 << 20)
            let set = try await redis.send(RedisCommand("SET", "key", RedisArgument(bytes)))
            #expect(set == .status("OK"))
            #expect(try await redis.send(RedisCommand("GET", "key")) == .bytes(bytes))
            _ = try await direct.send(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
            #expect(try await redis.send(RedisCommand("STRLEN", "key").retrying(.safe)).int == 5 << 20)
            await redis.close()
        }
    }

    @Test func `a name that does not resolve and a port that refuses are said`() async throws {
        let addresses: [RedisConfiguration.Address] = [
            .tcp(host: "no-such-host.invalid", port: 1), .tcp(host: "127.0.0.1", port: try TCPPort.unused()),
            .tcp(host: "127.0.0.1", port: 70_000), .unix(path: "/nonexistent/redis.sock"),
        ]
        for (address, words) in zip(addresses, ["resolve", "refused", "port", "No such file"]) {
            let redis = RedisClient(
                RedisConfiguration(address: address, commandTimeout: .seconds(2)), logger: .quiet)
            let error = await #expect(throws: RedisError.self) { try await redis.send(RedisCommand("PING")) }
            #expect(error?.code == .notSent)
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
            await redis.close()
        }
    }
}
