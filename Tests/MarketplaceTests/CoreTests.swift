import Foundation
import JobQueue
import Marketplace
import RedisClient
import TestSupport
import Testing

@Suite struct CoreTests {
    @Test func `identifiers have their kind's prefix and sort by the time they were made`() {
        var milliseconds: Int64 = 1_700_000_000_000
        var made: [String] = []
        for _ in 0..<200 {
            milliseconds += 1
            made.append(Identifier.make(.product, milliseconds: milliseconds, random: .system))
        }
        #expect(made == made.sorted())
        #expect(Set(made).count == 200)
        #expect(made.allSatisfy { Identifier.isValid($0, .product) && $0.utf8.count == 30 })
        #expect(!Identifier.isValid(made[0], .user))
    }

    @Test(arguments: [
        "", "prd_", "prd_0123456789abcdefghjkmnpqrs:", "prd_0123456789abcdefghjkmnpqr",
        "prd_0123456789ABCDEFGHJKMNPQRS",
        "prd_0123456789abcdefghjkmnpqrsx", "prd_0123456789abcdefghjkmnpqr\u{0}",
    ])
    func `what is no identifier never becomes part of a key`(text: String) {
        #expect(!Identifier.isValid(text, .product))
    }

    @Test func `money has the decimals of its currency and is never added across currencies`() throws {
        #expect(Money(amount: 1234, currency: "EUR").formatted() == "12.34 EUR")
        #expect(Money(amount: -5, currency: "USD").formatted() == "-0.05 USD")
        #expect(Money(amount: 500, currency: "JPY").formatted() == "500 JPY")
        #expect(Money(amount: 1, currency: "KWD").formatted() == "0.001 KWD")
        #expect(Money.exponent(of: "XXX") == nil)
        #expect(throws: MarketplaceError.self) {
            try Money(amount: 1, currency: "EUR").adding(Money(amount: 1, currency: "USD"))
        }
        #expect(throws: MarketplaceError.self) {
            try Money(amount: .max, currency: "EUR").adding(Money(amount: 1, currency: "EUR"))
        }
    }

    @Test func `timestamps are RFC 3339 in UTC with three decimals, and read back`() throws {
        let timestamp = Timestamp(milliseconds: 1_700_000_000_007)
        #expect(timestamp.description == "2023-11-14T22:13:20.007Z")
        #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
        let copy = try JSONDecoder().decode([Timestamp].self, from: JSONEncoder().encode([timestamp]))
        #expect(copy == [timestamp])
    }

    @Test func `an absent value is written as null and a missing key reads as none`() throws {
        struct Holder: Codable { @ExplicitNull var value: Int? }
        #expect(String(decoding: try JSONEncoder().encode(Holder(value: nil)), as: UTF8.self) == #"{"value":null}"#)
        #expect(try JSONDecoder().decode(Holder.self, from: Data("{}".utf8)).value == nil)
        #expect(try JSONDecoder().decode(Holder.self, from: Data(#"{"value":3}"#.utf8)).value == 3)
    }

    @Test func `digits of a code are digits, and each occurs`() {
        let digits = RandomSource.system.digits(3000)
        #expect(digits.utf8.count == 3000)
        #expect(Set(digits) == Set("0123456789"))
    }

    @Test func `a Redis that evicts is refused`() async throws {
        try await withRedis(configuration: ["maxmemory-policy allkeys-lru"]) { _, redis in
            let error = await #expect(throws: StartError.self) {
                try await RedisRequirements.check(redis, requiresPersistence: false)
            }
            #expect(error == .evicts(policy: "allkeys-lru"))
        }
    }

    @Test func `a Redis that may forget is refused unless that was allowed`() async throws {
        try await withRedis { _, redis in
            await #expect(throws: StartError.self) {
                try await RedisRequirements.check(redis, requiresPersistence: true)
            }
            try await RedisRequirements.check(redis, requiresPersistence: false)
            for setting in [("appendonly", "yes"), ("appendfsync", "everysec")] {
                _ = try await redis.send(RedisCommand("CONFIG", "SET", .init(setting.0), .init(setting.1)))
            }
            let error = await #expect(throws: StartError.self) {
                try await RedisRequirements.check(redis, requiresPersistence: true)
            }
            #expect(error == .volatile(setting: "appendfsync everysec"))
            _ = try await redis.send(RedisCommand("CONFIG", "SET", "appendfsync", "always"))
            try await RedisRequirements.check(redis, requiresPersistence: true)
        }
    }

    @Test func `records of another schema version are refused and left alone`() async throws {
        try await withMarket { bench in
            try await bench.market.start()
            let key = RedisArgument("\(bench.market.keys.ns)schema")
            _ = try await bench.redis.send(RedisCommand("SET", key, "2"))
            let error = await #expect(throws: StartError.self) { try await bench.market.start() }
            #expect(error == .schema(found: "2", expected: "1"))
            #expect(try await bench.redis.send(RedisCommand("GET", key)).string == "2")
        }
    }
}
