import RedisClient
import TestSupport
import Testing

@Suite struct DedicatedConnectionTests {
    @Test func `a blocking command waits on a connection of its own`() async throws {
        try await withRedis { _, redis in
            try await redis.withConnection { connection in
                async let popped = connection.send(RedisCommand("BZPOPMIN", "wake", 10))
                _ = try await redis.send(RedisCommand("ZADD", "wake", 1, "job"))
                #expect(try await popped[1].string == "job")
            }
        }
    }

    @Test func `a blocking command's own timeout comes before the client's`() async throws {
        try await withRedis(adjust: { $0.commandTimeout = .seconds(1) }) { _, redis in
            try await redis.withConnection { connection in
                let popped = try await connection.send(RedisCommand("BLPOP", "list", 1.5))
                #expect(popped == .null)
            }
        }
    }

    @Test func `a transaction runs as one`() async throws {
        try await withRedis { _, redis in
            try await redis.withConnection { connection in
                _ = try await connection.send(RedisCommand("MULTI"))
                #expect(try await connection.send(RedisCommand("INCR", "count")) == .status("QUEUED"))
                #expect(try await redis.send(RedisCommand("GET", "count")).isNull)
                #expect(try await connection.send(RedisCommand("EXEC"))[0] == .integer(1))
            }
        }
    }

    @Test func `a connection is reused, but not with a transaction left open on it`() async throws {
        try await withRedis { _, redis in
            func id() async throws -> Int? {
                try await redis.withConnection { try await $0.send(RedisCommand("CLIENT", "ID")).int }
            }
            let first = try await id()
            #expect(try await id() == first)
            try await redis.withConnection { _ = try await $0.send(RedisCommand("MULTI")) }
            #expect(try await id() != first)
        }
    }

    @Test func `cancelling a blocked command ends its connection and leaves nothing behind`() async throws {
        try await withRedis { _, redis in
            let task = Task {
                try await redis.withConnection { try await $0.send(RedisCommand("BLPOP", "list", 0)) }
            }
            try await eventually { try await redis.blockedClients() == 1 }
            task.cancel()
            let error = await #expect(throws: RedisError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            try await eventually { try await redis.blockedClients() == 0 }
            // Nobody is there to take it.
            _ = try await redis.send(RedisCommand("LPUSH", "list", "kept"))
            #expect(try await redis.send(RedisCommand("LLEN", "list")).int == 1)
            #expect(try await redis.withConnection { try await $0.send(RedisCommand("PING")) } == .status("PONG"))
        }
    }

    @Test func `who finds no free connection does not wait for ever`() async throws {
        let adjust: (inout RedisConfiguration) -> Void = {
            $0.maximumDedicatedConnections = 1
            $0.commandTimeout = .milliseconds(200)
        }
        try await withRedis(adjust: adjust) { _, redis in
            try await redis.withConnection { _ in
                let error = await #expect(throws: RedisError.self) { try await redis.withConnection { _ in } }
                #expect(error?.code == .poolExhausted)
            }
        }
    }

    @Test func `who finds no free connection gets the next that is given back`() async throws {
        try await withRedis(adjust: { $0.maximumDedicatedConnections = 2 }) { _, redis in
            let turns = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await redis.withConnection { try await $0.send(RedisCommand("INCR", "turns")).int ?? 0 }
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(turns == Set(1...50))
        }
    }

    @Test func `a dedicated connection survives a restart, an open transaction does not`() async throws {
        try await withRedis { server, redis in
            try await redis.withConnection { connection in
                _ = try await connection.send(RedisCommand("PING"))
                let blocked = Task { try await connection.send(RedisCommand("BLPOP", "list", 0)) }
                try await eventually { try await redis.blockedClients() == 1 }
                try await server.restart()
                let cut = await #expect(throws: RedisError.self) { try await blocked.value }
                #expect(cut?.code == .outcomeUnknown)
                _ = try await connection.send(RedisCommand("MULTI"))
                _ = try await connection.send(RedisCommand("INCR", "count"))
                try await server.restart()
                let lost = await #expect(throws: RedisError.self) { try await connection.send(RedisCommand("EXEC")) }
                #expect(lost?.code == .closed || lost?.code == .outcomeUnknown)
            }
            #expect(try await redis.send(RedisCommand("GET", "count").retrying(.safe)).isNull)
            let pong = try await redis.withConnection { try await $0.send(RedisCommand("PING").retrying(.safe)) }
            #expect(pong == .status("PONG"))
        }
    }

    @Test func `closing the client ends a blocked command`() async throws {
        try await withRedis { _, redis in
            let task = Task {
                try await redis.withConnection { try await $0.send(RedisCommand("BLPOP", "list", 0)) }
            }
            try await eventually { try await redis.blockedClients() == 1 }
            await redis.close()
            let error = await #expect(throws: RedisError.self) { try await task.value }
            #expect(error?.code == .outcomeUnknown)
        }
    }
}

extension RedisClient {
    func blockedClients() async throws -> Int {
        let info = try await send(RedisCommand("INFO", "clients").retrying(.safe)).string ?? ""
        return info.split(separator: "\r\n").compactMap { line in
            line.hasPrefix("blocked_clients:") ? Int(line.dropFirst("blocked_clients:".count)) : nil
        }.first ?? -1
    }
}
