import Foundation
public import RedisClient

/// A primary, its replicas and the Sentinels that watch them: real processes on free ports of the loopback interface.
public final class SentinelGroup: Sendable {
    /// One server of the group.
    public struct Node: Sendable {
        /// The process.
        public let server: RedisServer
        /// Its TCP port.
        public let port: Int
    }

    /// The name that the Sentinels know the primary by.
    public static let master = "sunset-test"

    /// The servers; the first was the primary at the start.
    public let nodes: [Node]
    /// The Sentinels.
    public let sentinels: [Node]

    private init(nodes: [Node], sentinels: [Node]) {
        self.nodes = nodes
        self.sentinels = sentinels
    }

    /// Starts a group and waits until it can fail over.
    ///
    /// - Parameters:
    ///   - replicas: how many servers follow the primary.
    ///   - configuration: lines of `redis.conf` for every server.
    ///   - password: what the servers ask for.
    ///   - sentinelPassword: what the Sentinels ask for.
    public static func start(
        replicas: Int = 1, configuration: [String] = [], password: String? = nil, sentinelPassword: String? = nil
    ) async throws -> SentinelGroup {
        var nodes: [Node] = []
        for _ in 0...replicas {
            let port = try TCPPort.unused()
            var lines = ["port \(port)", "bind 127.0.0.1", "repl-diskless-sync-delay 0", "repl-ping-replica-period 1"]
            if let password { lines += ["requirepass \(password)", "masterauth \(password)"] }
            if let primary = nodes.first { lines.append("replicaof 127.0.0.1 \(primary.port)") }
            nodes.append(Node(server: try await RedisServer.start(configuration: lines + configuration), port: port))
        }
        for node in nodes.dropFirst() {
            let client = node.server.makeClient { $0.password = password }
            try await eventually("the replica follows") {
                try await client.send(RedisCommand("ROLE"))[3].string == "connected"
            }
            await client.close()
        }
        let group = SentinelGroup(
            nodes: nodes,
            sentinels: try await startSentinels(3, over: nodes, password: password, own: sentinelPassword))
        for sentinel in group.sentinels {
            let client = sentinel.server.makeClient { $0.password = sentinelPassword }
            // Its usual periods make a demotion take ten seconds; the down time of a primary stays a second.
            let periods: [RedisArgument] = [
                "publish-period", 200, "info-period", 500, "ping-period", 200, "ask-period", 200,
                "min-link-reconnect-period", 500, "election-timeout", 2_000,
            ]
            _ = try await client.send(RedisCommand("SENTINEL", ["DEBUG"] + periods))
            try await eventually("the Sentinels know each other") {
                try await client.send(RedisCommand("INFO", "sentinel")).string?
                    .contains("status=ok,address=127.0.0.1:\(nodes[0].port),slaves=\(replicas),sentinels=3") == true
            }
            await client.close()
        }
        return group
    }

    private static func startSentinels(
        _ count: Int, over nodes: [Node], password: String?, own: String?
    ) async throws -> [Node] {
        let ports = try (0..<count).map { _ in try TCPPort.unused() }
        // Told of each other and of the replicas: hearing of them by themselves takes them seconds.
        let ids = (0..<count).map { index in String(repeating: "\(index + 1)", count: 40) }
        var sentinels: [Node] = []
        for (index, port) in ports.enumerated() {
            var lines = [
                "port \(port)", "bind 127.0.0.1", "sentinel myid \(ids[index])",
                "sentinel monitor \(master) 127.0.0.1 \(nodes[0].port) 2",
                // A vote that nobody won is held again after twice the timeout.
                "sentinel down-after-milliseconds \(master) 1000", "sentinel failover-timeout \(master) 2000",
            ]
            if let password { lines.append("sentinel auth-pass \(master) \(password)") }
            if let own { lines += ["requirepass \(own)", "sentinel sentinel-pass \(own)"] }
            lines += nodes.dropFirst().map { "sentinel known-replica \(master) 127.0.0.1 \($0.port)" }
            for other in ports.indices where other != index {
                lines.append("sentinel known-sentinel \(master) 127.0.0.1 \(ports[other]) \(ids[other])")
            }
            let server = try await RedisServer.start(configuration: lines, arguments: ["--sentinel"])
            sentinels.append(Node(server: server, port: port))
        }
        return sentinels
    }

    /// What a client is told to connect to.
    public var address: RedisConfiguration.Address {
        .sentinel(
            master: Self.master,
            sentinels: sentinels.map { RedisConfiguration.Sentinel(host: "127.0.0.1", port: $0.port) })
    }

    /// A client that finds the primary by the Sentinels.
    ///
    /// The caller closes it.
    public func makeClient(adjust: (inout RedisConfiguration) -> Void = { _ in }) -> RedisClient {
        var configuration = RedisConfiguration(address: address)
        adjust(&configuration)
        return RedisClient(configuration, logger: .quiet)
    }

    /// Ends all processes.
    public func stop() {
        for node in sentinels + nodes {
            node.server.stop()
        }
    }
}
