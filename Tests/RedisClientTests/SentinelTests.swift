import Foundation
import TestSupport
import Testing

@testable import RedisClient

/// Clients of a primary that moves, against real Sentinels on the loopback interface.
@Suite(.serialized) struct SentinelTests {
    private func withGroup(
        password: String? = nil, sentinelPassword: String? = nil, _ body: (SentinelGroup) async throws -> Void
    ) async throws {
        let group = try await SentinelGroup.start(password: password, sentinelPassword: sentinelPassword)
        defer { group.stop() }
        try await body(group)
    }

    @Test func `everything moves when the primary is killed`() async throws {
        try await withGroup { group in
            let redis = group.makeClient { $0.commandTimeout = .seconds(30) }
            let subscription = try await redis.subscribe(to: ["news"])
            var events = subscription.makeAsyncIterator()
            #expect(try await redis.send(RedisCommand("SET", "key", "old")) == .status("OK"))
            let replica = group.nodes[1].server.makeClient()
            try await eventually("replicated") { try await replica.send(RedisCommand("GET", "key")).string == "old" }
            try await redis.withConnection { connection in
                _ = try await connection.send(RedisCommand("PING"))
                group.nodes[0].server.kill()
                // Waits for the new primary, which is another process.
                #expect(try await redis.send(RedisCommand("SET", "key", "new").retrying(.safe)) == .status("OK"))
                #expect(try await connection.send(RedisCommand("GET", "key").retrying(.safe)).string == "new")
                #expect(try await replica.send(RedisCommand("GET", "key")).string == "new")
            }
            #expect(await events.next() == .gap)
            _ = try await redis.send(RedisCommand("PUBLISH", "news", "moved"))
            #expect(await events.next() == .message(channel: "news", payload: Array("moved".utf8)))
            await redis.close()
            await replica.close()
        }
    }

    @Test func `a planned failover moves what is idle and what blocks`() async throws {
        try await withGroup { group in
            let redis = group.makeClient()
            _ = try await redis.send(RedisCommand("SET", "key", "old"))
            let blocked = Task {
                try await redis.withConnection { connection in
                    try await connection.send(RedisCommand("BLPOP", "list", 0).retrying(.safe))
                }
            }
            try await eventually { try await redis.blockedClients() == 1 }
            let sentinel = group.sentinels[0].server.makeClient()
            #expect(try await sentinel.send(RedisCommand("SENTINEL", "FAILOVER", "sunset-test")) == .status("OK"))
            let replica = group.nodes[1].server.makeClient()
            try await eventually("the one that blocks waits at the new primary") {
                try await replica.blockedClients() == 1
            }
            _ = try await redis.send(RedisCommand("RPUSH", "list", "job").retrying(.safe))
            let popped = try await blocked.value
            #expect(popped[1].string == "job")
            #expect(try await replica.send(RedisCommand("ROLE"))[0].string == "master")
            for client in [redis, replica, sentinel] { await client.close() }
        }
    }

    @Test func `a primary that hangs is left as soon as the Sentinels have another`() async throws {
        try await withGroup(password: "secret", sentinelPassword: "watch") { group in
            let redis = group.makeClient {
                $0.password = "secret"
                $0.sentinelPassword = "watch"
                // Without the Sentinels' announcement it would hang for so long.
                $0.commandTimeout = .seconds(60)
            }
            _ = try await redis.send(RedisCommand("SET", "key", "old"))
            group.nodes[0].server.pause()
            #expect(try await redis.send(RedisCommand("SET", "key", "new").retrying(.safe)) == .status("OK"))
            group.nodes[0].server.resume()
            let stale = group.nodes[0].server.makeClient { $0.password = "secret" }
            try await eventually("demoted") {
                try await stale.send(RedisCommand("ROLE").retrying(.safe))[0].string == "slave"
            }
            #expect(try await redis.send(RedisCommand("GET", "key")).string == "new")
            await redis.close()
            await stale.close()
        }
    }

    @Test func `a Sentinel that is down or names a replica is passed over, and the error tells it`() async throws {
        let primary = try TCPPort.unused()
        let first = try await RedisServer.start(configuration: ["port \(primary)", "bind 127.0.0.1"])
        let replica = try TCPPort.unused()
        let second = try await RedisServer.start(
            configuration: ["port \(replica)", "bind 127.0.0.1", "replicaof 127.0.0.1 \(primary)"])
        defer {
            first.stop()
            second.stop()
        }
        func sentinel(naming port: Int) async throws -> (RedisServer, RedisConfiguration.Sentinel) {
            let own = try TCPPort.unused()
            // A quorum that it cannot reach: it only tells what it was told.
            let lines = ["port \(own)", "bind 127.0.0.1", "sentinel monitor m 127.0.0.1 \(port) 9"]
            let server = try await RedisServer.start(configuration: lines, arguments: ["--sentinel"])
            return (server, .init(host: "127.0.0.1", port: own))
        }
        let (stale, staleAddress) = try await sentinel(naming: replica)
        let (good, goodAddress) = try await sentinel(naming: primary)
        defer {
            stale.stop()
            good.stop()
        }
        let down = RedisConfiguration.Sentinel(host: "127.0.0.1", port: try TCPPort.unused())
        func configuration(_ sentinels: [RedisConfiguration.Sentinel]) -> RedisConfiguration {
            var configuration = RedisConfiguration(address: .sentinel(master: "m", sentinels: sentinels))
            configuration.commandTimeout = .seconds(5)
            return configuration
        }
        let redis = RedisClient(configuration([down, staleAddress, goodAddress]), logger: .quiet)
        #expect(try await redis.send(RedisCommand("ROLE"))[0].string == "master")
        await redis.close()
        let lost = RedisClient(configuration([down, staleAddress]), logger: .quiet)
        let error = await #expect(throws: RedisError.self) {
            try await lost.send(RedisCommand("PING").timeout(.seconds(1)))
        }
        #expect(error?.code == .notSent)
        let message = error?.message ?? ""
        #expect(message.contains("\(down): Connection refused"), "\(message)")
        #expect(message.contains("\(staleAddress) names 127.0.0.1:\(replica), whose role is slave"), "\(message)")
        await lost.close()
    }
}
