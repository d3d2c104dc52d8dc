internal import RedisClient

/// The layout of the queues in Redis beside the one that this program knows.
public struct QueueLayout: Codable, Sendable, Hashable {
    /// What is there; `nil` before the first start.
    public var found: String?
    /// What this program works on.
    public var known: String
    /// Whether a migration was begun and did not end.
    public var isMigrating: Bool
}

extension QueueInspector {
    /// Which layout the queues have.
    public func layout() async throws -> QueueLayout {
        let replies = try await read([
            RedisCommand("GET", RedisArgument(queue.keys.schema)),
            RedisCommand("EXISTS", RedisArgument(queue.keys.prefix + "queue:migrating")),
        ])
        return QueueLayout(
            found: replies[0].string, known: "\(JobQueue.schemaVersion)", isMigrating: replies[1].int == 1)
    }

    /// Redis's time, in Unix milliseconds.
    public func now() async throws -> Int64 {
        let time = try await read([RedisCommand("TIME")])[0]
        return Int64(time[0].int ?? 0) * 1_000 + Int64(time[1].int ?? 0) / 1_000
    }

    /// Leases that ran out a while ago and that nobody took back, by queue: workers do so at each claim.
    ///
    /// - Parameters:
    ///   - queues: their names.
    ///   - before: Unix milliseconds on Redis's clock, see ``QueueStatus/at``.
    public func overdueLeases(of queues: [String], before: Int64) async throws -> [String: Int] {
        let replies = try await read(
            queues.map {
                RedisCommand("ZCOUNT", RedisArgument(queue.keys.lease($0)), "-inf", RedisArgument("(\(before)"))
            })
        return zip(queues, replies).reduce(into: [:]) { $0[$1.0] = $1.1.int ?? 0 }
    }
}
