internal import Logging
internal import RedisClient

extension JobQueue {
    /// One step between two versions of the layout in Redis.
    ///
    /// The script is called for each queue with a cursor until it answers `0`, and moves a bounded part at each call. It
    /// can be repeated, and run by several processes at the same time. What is queued stays: jobs whose envelopes an
    /// older version wrote are read as long as they live, so a step touches only what is kept beside them.
    struct Migration: Sendable {
        let from: Int
        let script: RedisScript
    }

    /// The version of the layout in Redis.
    static let schemaVersion = 2

    /// One step for each version before ``schemaVersion``.
    static let migrations: [Int: Migration] = Dictionary(
        uniqueKeysWithValues: [
            Migration(from: 1, script: Linker.script("migrate_1", PackageResources.migrate_1_lua, flags: "allow-oom"))
        ].map { ($0.from, $0) })

    private static let schemaScript = Linker.script("schema", PackageResources.schema_lua, flags: "allow-oom")

    /// Writes the layout's version if there is none, and brings an older layout to this one; a worker does so when it
    /// starts.
    ///
    /// What is queued stays and is worked off. The version rises first, whereupon workers of the older layout claim
    /// nothing more and settle what they hold; then the data is moved in small steps. Several processes may start at
    /// once, and one that was interrupted is continued by the next.
    ///
    /// - Throws: `JobQueueError` with `.schemaMismatch` if the queues have a layout that this version does not know; it
    ///   has changed nothing then.
    public func prepare() async throws {
        var finished = 0
        while true {
            let reply = try await evaluate(
                Self.schemaScript, [RedisArgument(Self.schemaVersion), RedisArgument(finished)])
            guard let found = reply[0].string, let step = reply[1].int else {
                throw JobQueueError(.unexpectedReply, "The schema script answered \(reply).")
            }
            guard found == String(Self.schemaVersion) else {
                throw JobQueueError(
                    .schemaMismatch,
                    "The queues of \(namespace.name) have layout \(found), and this program knows "
                        + "\(Self.schemaVersion). Start a release that knows layout \(found), or give this one a "
                        + "namespace of its own; nothing was changed.")
            }
            guard step > 0 else { return }
            guard let migration = Self.migrations[step] else {
                throw JobQueueError(
                    .schemaMismatch,
                    "The queues of \(namespace.name) are on their way from layout \(step), which this program does not "
                        + "know. Start the release that was interrupted in between once more.")
            }
            logger.notice("the layout of the queues is migrated", metadata: ["from": "\(step)"])
            try await migrate(migration)
            finished = step
        }
    }

    private func migrate(_ migration: Migration) async throws {
        var page = "0"
        repeat {
            let names: RESPValue
            do {
                names = try await redis.send(
                    RedisCommand("SSCAN", RedisArgument(keys.queues), RedisArgument(page)).retrying(.safe))
            } catch {
                throw JobQueueError(error)
            }
            for name in (names[1].array ?? []).compactMap(\.string) {
                var cursor = "0"
                repeat {
                    cursor =
                        try await evaluate(migration.script, [RedisArgument(name), RedisArgument(cursor)]).string ?? "0"
                } while cursor != "0"
            }
            page = names[0].string ?? "0"
        } while page != "0"
    }

    /// Runs a script of the queue that may be repeated.
    func evaluate(
        _ script: RedisScript, _ arguments: [RedisArgument], replication: ReplicationRequirement? = nil
    ) async throws(JobQueueError) -> RESPValue {
        do {
            return try await redis.eval(
                script, keys: [keys.anchor], arguments: arguments, retry: .safe, replication: replication)
        } catch {
            throw JobQueueError(error)
        }
    }
}
