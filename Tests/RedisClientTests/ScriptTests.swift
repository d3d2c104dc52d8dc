import TestSupport
import Testing

@testable import RedisClient

@Suite struct ScriptTests {
    /// Each test its own: the digest is learned once for a script, whichever server tells it.
    private let script = RedisScript(
        name: "sum", source: "#!lua\nredis.call('INCR', KEYS[1])\nreturn ARGV[1] + ARGV[2]")

    @Test func `a script runs by its digest after the first call`() async throws {
        try await withRedis { _, redis in
            for _ in 0..<3 {
                #expect(try await redis.eval(script, keys: ["calls"], arguments: [40, 2]) == .integer(42))
            }
            #expect(try await redis.send(RedisCommand("GET", "calls")).int == 3)
            let statistics = try await redis.send(RedisCommand("INFO", "commandstats")).string ?? ""
            #expect(statistics.contains("cmdstat_evalsha:calls=3"))
        }
    }

    @Test func `a flushed script runs by its source, once`() async throws {
        try await withRedis { _, redis in
            _ = try await redis.eval(script, keys: ["calls"], arguments: [1, 1])
            _ = try await redis.send(RedisCommand("SCRIPT", "FLUSH"))
            #expect(try await redis.eval(script, keys: ["calls"], arguments: [40, 2]) == .integer(42))
            #expect(try await redis.eval(script, keys: ["calls"], arguments: [40, 2]) == .integer(42))
            #expect(try await redis.send(RedisCommand("GET", "calls")).int == 3)
            let statistics = try await redis.send(RedisCommand("INFO", "commandstats")).string ?? ""
            #expect(statistics.contains("cmdstat_eval:calls=1"))
        }
    }

    @Test func `a script's error is thrown`() async throws {
        try await withRedis { _, redis in
            let broken = RedisScript(name: "broken", source: "return redis.error_reply('STATE not open')")
            let error = await #expect(throws: RedisError.self) { try await redis.eval(broken, keys: [], arguments: []) }
            #expect(error?.serverError?.prefix == "STATE")
            let invalid = RedisScript(name: "invalid", source: "this is no Lua")
            await #expect(throws: RedisError.self) { try await redis.eval(invalid, keys: [], arguments: []) }
        }
    }

    @Test func `the steps of a script's call share one time limit`() throws {
        let start = MonotonicTime(nanoseconds: 1_000_000_000)
        let deadline = StepDeadline(.seconds(10), now: start)
        #expect(try deadline.remaining(now: start) == .seconds(10))
        #expect(try deadline.remaining(now: start.advanced(by: .seconds(7))) == .seconds(3))
        let error = #expect(throws: RedisError.self) {
            try deadline.remaining(now: start.advanced(by: .seconds(10)))
        }
        #expect(error?.code == .notSent)
    }
}
