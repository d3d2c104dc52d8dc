internal import Foundation
internal import RedisClient

/// The pools of worker processes of an installation, on however many hosts: who runs what, who plans, what operators want.
///
/// One pool leads for a few seconds at a time and plans for all, so that several pools that see the same backlog do not
/// all start processes for it.
public struct PoolRegistry: Sendable {
    private static let script = Linker.script("pool", PackageResources.pool_lua, flags: "allow-oom")

    /// How long a pool that is not heard of is still shown, and its processes counted on.
    public static let forgetsAfter = Duration.seconds(20)
    /// How long a leader leads without a beat.
    public static let leadership = Duration.seconds(10)

    private let queue: JobQueue

    /// Creates the registry of a namespace.
    public init(queue: JobQueue) {
        self.queue = queue
    }

    /// An id that is unique to a run of a pool; later ones sort behind.
    public static func makeID() -> String { SortableID.make(prefix: "pool_") }

    /// Shows a pool and learns what it shall run.
    ///
    /// - Parameters:
    ///   - pool: what it runs now.
    ///   - plan: processes by pool's id and queue; taken only while this pool leads.
    public func beat(_ pool: PoolRecord, plan: [(pool: String, queue: String, processes: Int)] = []) async throws
        -> PoolView
    {
        // Encoding plain values does not fail.
        let shares = (try? JSONEncoder().encode(pool.shares)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
        let fields = [("host", pool.host), ("pid", String(pool.pid)), ("shares", shares)]
        return try await evaluate(pool.id, fields, plan)
    }

    /// All pools that were heard of lately, and what operators want of them.
    public func view() async throws -> (pools: [PoolRecord], overrides: [String: PoolOverride]) {
        let keys = queue.keys
        let beats = try await read([RedisCommand("ZRANGE", RedisArgument(keys.pools), 0, 99, "WITHSCORES")])[0]
            .scoredMembers
        let replies = try await read(
            beats.map { RedisCommand("HGETALL", RedisArgument(keys.pool($0.member))) }
                + [RedisCommand("HGETALL", RedisArgument(keys.poolScale))])
        let pools = zip(beats, replies).compactMap { Self.record($0.member, $0.score, $1.fields) }
        return (pools, Self.overrides(replies.last?.fields ?? [:]))
    }

    /// Fixes or bounds the processes of a queue over all pools; `nil` leaves it to the queue's latency again.
    public func setOverride(_ override: PoolOverride?, queue name: String) async throws {
        let key = RedisArgument(queue.keys.poolScale)
        let command =
            if let override {
                RedisCommand("HSET", key, RedisArgument(name), RedisArgument("\(override)"))
            } else {
                RedisCommand("HDEL", key, RedisArgument(name))
            }
        _ = try await read([command])
    }

    /// Takes a pool out of the registry, when it ends.
    public func leave(_ id: String) async throws {
        let keys = queue.keys
        _ = try await read([
            RedisCommand("ZREM", RedisArgument(keys.pools), RedisArgument(id)),
            RedisCommand("DEL", RedisArgument(keys.pool(id))),
        ])
    }

    private func evaluate(
        _ id: String, _ fields: [(String, String)], _ plan: [(pool: String, queue: String, processes: Int)]
    ) async throws -> PoolView {
        var arguments: [RedisArgument] = [
            RedisArgument(id), RedisArgument(Self.leadership.milliseconds),
            RedisArgument(Self.forgetsAfter.milliseconds), RedisArgument(fields.count),
        ]
        for (name, value) in fields { arguments += [RedisArgument(name), RedisArgument(value)] }
        arguments.append(RedisArgument(plan.count))
        for share in plan {
            arguments += [RedisArgument(share.pool), RedisArgument(share.queue), RedisArgument(share.processes)]
        }
        let reply: RESPValue
        do {
            reply = try await queue.redis.eval(
                Self.script, keys: [queue.keys.anchor], arguments: arguments, retry: .safe, timeout: .seconds(5))
        } catch {
            throw JobQueueError(error)
        }
        guard let parts = reply.array, parts.count == 5, let pools = parts[4].array else {
            throw JobQueueError(.unexpectedReply, "The pool script answered \(reply).")
        }
        return PoolView(
            at: Int64(parts[0].int ?? 0), isLeader: parts[1].int == 1, overrides: Self.overrides(parts[2].fields),
            wanted: parts[3].fields.compactMapValues { Int($0) },
            pools: stride(from: 0, to: pools.count - 2, by: 3).compactMap { index in
                Self.record(
                    pools[index].string ?? "", Int64(pools[index + 1].string ?? "") ?? 0, pools[index + 2].fields)
            })
    }

    private func read(_ commands: [RedisCommand]) async throws -> [RESPValue] {
        try await QueueInspector(queue: queue).read(commands)
    }

    private static func overrides(_ fields: [String: String]) -> [String: PoolOverride] {
        fields.compactMapValues { PoolOverride($0) }
    }

    private static func record(_ id: String, _ beatAt: Int64, _ fields: [String: String]) -> PoolRecord? {
        guard let host = fields["host"], let pid = fields["pid"].flatMap({ Int($0) }),
            let shares = fields["shares"],
            // A record of another version's form is not shown.
            let decoded = try? JSONDecoder().decode([PoolRecord.Share].self, from: Data(shares.utf8))
        else { return nil }
        return PoolRecord(id: id, host: host, pid: pid, beatAt: beatAt, shares: decoded)
    }
}

extension Keys {
    /// ZSET pool → last beat.
    var pools: String { prefix + "pools" }
    /// HASH of one pool.
    func pool(_ id: String) -> String { prefix + "pool:" + id }
    /// HASH queue → what operators want.
    var poolScale: String { prefix + "pool-scale" }
}
