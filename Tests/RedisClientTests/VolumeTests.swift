import Synchronization
import TestSupport
import Testing

@testable import RedisClient

@Suite struct VolumeTests {
    @Test func `64 MiB go there and come back`() async throws {
        let adjust: (inout RedisConfiguration) -> Void = { $0.commandTimeout = .seconds(60) }
        try await withRedis(adjust: adjust) { _, redis in
            let bytes = Self.makeBytes(count: 64 << 20)
            // A neighbour on each side: the order of replies must survive the long one.
            async let before = redis.send(RedisCommand("INCR", "count"))
            async let set = redis.send(RedisCommand("SET", "large", RedisArgument(bytes)))
            let stored = try await set
            #expect(stored == .status("OK"))
            async let get = redis.send(RedisCommand("GET", "large"))
            async let after = redis.send(RedisCommand("INCR", "count"))
            let (fetched, counts) = (try await get, Set([try await before.int, try await after.int]))
            #expect(fetched == .bytes(bytes))
            #expect(counts == [1, 2])
        }
    }

    private static func makeBytes(count: Int) -> [UInt8] {
        var generator = SplitMix64(state: 99)
        var bytes = [UInt8](repeating: 0, count: count)
        for index in stride(from: 0, to: count, by: 4_096) {
            bytes[index] = UInt8.random(in: 0...255, using: &generator)
        }
        return bytes
    }

    @Test func `a reply of a million elements arrives whole`() async throws {
        let adjust: (inout RedisConfiguration) -> Void = { $0.commandTimeout = .seconds(60) }
        try await withRedis(adjust: adjust) { _, redis in
            let script = RedisScript(
                name: "many", source: "local t = {} for i = 1, 1000000 do t[i] = i end return t")
            let reply = try await redis.eval(script, keys: [], arguments: [])
            #expect(reply.array?.count == 1_000_000)
            #expect(reply[999_999] == .integer(1_000_000))
        }
    }

    /// Every command's fate under SIGKILL and restart, counted one by one.
    @Test func `a server killed and restarted under load loses nothing that was acknowledged`() async throws {
        let adjust: (inout RedisConfiguration) -> Void = { $0.commandTimeout = .seconds(30) }
        let durable = ["appendonly yes", "appendfsync always"]
        try await withRedis(configuration: durable, adjust: adjust) { server, redis in
            let outcomes = SharedOutcomes()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<64 {
                    group.addTask {
                        for step in 0..<200 {
                            let id = task * 1_000 + step
                            let isSafe = id.isMultiple(of: 2)
                            let command = RedisCommand("HINCRBY", "ids", RedisArgument(id), 1)
                            do throws(RedisError) {
                                _ = try await redis.send(command.retrying(isSafe ? .safe : .never))
                                outcomes.value.withLock { _ = $0.acknowledged.insert(id) }
                            } catch {
                                outcomes.value.withLock { $0.failed[id] = error.code }
                            }
                        }
                    }
                }
                group.addTask {
                    for round in 1...4 {
                        try await eventually("load") { outcomes.value.withLock { $0.count > round * 2_000 } }
                        server.kill()
                        try await server.restart()
                    }
                }
                try await group.waitForAll()
            }
            let stored = try #require(try await redis.send(RedisCommand("HGETALL", "ids")).dictionary)
            let result = outcomes.value.withLock { $0 }
            #expect(result.count == 64 * 200)
            for id in result.acknowledged {
                let runs = stored["\(id)"].flatMap { Int($0) } ?? 0
                if id.isMultiple(of: 2) {
                    // Safe ones may run twice, that is what the word allows.
                    #expect(runs >= 1)
                } else {
                    #expect(runs == 1)
                }
            }
            for (id, code) in result.failed {
                #expect(code == .outcomeUnknown || code == .notSent)
                let runs = stored["\(id)"].flatMap { Int($0) } ?? 0
                if code == .notSent { #expect(runs == 0) }
                #expect(runs <= 1)
            }
            // The kills really hit commands in flight.
            #expect(result.failed.values.contains(.outcomeUnknown))
        }
    }

    private final class SharedOutcomes: Sendable {
        let value = Mutex(Outcomes())
    }

    private struct Outcomes {
        var acknowledged: Set<Int> = []
        var failed: [Int: RedisError.Code] = [:]

        var count: Int { acknowledged.count + failed.count }
    }
}
