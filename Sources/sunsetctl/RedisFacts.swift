import Foundation
import Marketplace
import RedisClient

/// What a Redis says of itself, asked once; every command is O(1).
struct RedisFacts {
    /// The fields of INFO.
    let info: [String: String]
    /// The settings, or nil where CONFIG is forbidden.
    let settings: [String: String]?
    /// Milliseconds that a PING took there and back: the median of some.
    let roundTrip: Double
    /// How far this host's clock is before Redis's, in milliseconds.
    let clockAhead: Double
    /// Events of LATENCY LATEST: name, when (Unix seconds), how long (ms), the worst ever (ms).
    let latencies: [(event: String, at: Int, milliseconds: Int, worst: Int)]

    private static let names: [RedisArgument] = [
        "maxmemory", "maxmemory-policy", "appendonly", "appendfsync", "no-appendfsync-on-rewrite", "save", "dir",
        "min-replicas-to-write", "latency-monitor-threshold", "maxclients",
    ]

    /// - Throws: `RedisError` when it does not answer within three seconds.
    init(asking redis: RedisClient) async throws {
        func ask(_ command: RedisCommand) async throws -> RESPValue {
            try await redis.send(command.retrying(.safe).timeout(.seconds(3)))
        }
        info = Self.fields(of: try await ask(RedisCommand("INFO")).string ?? "")
        // Forbidden or renamed: the finding says so.
        let reply = try? await ask(RedisCommand("CONFIG", [RedisArgument("GET")] + Self.names))
        settings = reply.map { ScriptReply.record($0) }
        var trips: [Duration] = []
        for _ in 0..<7 {
            let start = ContinuousClock.now
            _ = try await ask(RedisCommand("PING"))
            trips.append(ContinuousClock.now - start)
        }
        let median = trips.sorted()[trips.count / 2]
        roundTrip = Self.milliseconds(median)
        let before = Date().timeIntervalSince1970 * 1000
        let time = try await ask(RedisCommand("TIME"))
        let after = Date().timeIntervalSince1970 * 1000
        let theirs = Double(time[0].int ?? 0) * 1000 + Double(time[1].int ?? 0) / 1000
        clockAhead = (before + after) / 2 - theirs
        // Forbidden: there is nothing to say then.
        latencies = ((try? await ask(RedisCommand("LATENCY", "LATEST")))?.array ?? []).compactMap { event in
            guard let name = event[0].string, let at = event[1].int, let last = event[2].int, let worst = event[3].int
            else { return nil }
            return (name, at, last, worst)
        }
    }

    func number(_ name: String) -> Int? { info[name].flatMap { Int($0) } }

    /// What `slave0`, `slave1` and so on say.
    var replicas: [[String: String]] {
        (0..<(number("connected_slaves") ?? 0)).compactMap { index in
            info["slave\(index)"].map { line in
                line.split(separator: ",").reduce(into: [:]) { fields, part in
                    let halves = part.split(separator: "=", maxSplits: 1).map(String.init)
                    if halves.count == 2 { fields[halves[0]] = halves[1] }
                }
            }
        }
    }

    private static func fields(of text: String) -> [String: String] {
        text.split(whereSeparator: \.isNewline).reduce(into: [:]) { fields, line in
            let halves = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if halves.count == 2, !line.hasPrefix("#") { fields[halves[0]] = halves[1] }
        }
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) * 1000 + Double(duration.components.attoseconds) / 1e15
    }
}
