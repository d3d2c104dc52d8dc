public import JobQueue
import ObjectStore
public import RedisClient

extension Marketplace {
    /// The layout of the records that this build reads and writes; raised with every change that older builds can't read.
    static let schemaVersion = "1"

    /// Makes sure that this process may work on this Redis, and that the buckets exist.
    ///
    /// - Throws: ``StartError`` when Redis evicts, does not persist (unless told so), or holds another schema version.
    public func start() async throws {
        try await RedisRequirements.check(redis, requiresPersistence: configuration.requiresPersistence)
        try await checkSchema()
        try await queue.prepare()
        try await objects.createBucket(Uploads.bucket)
        try await objects.createBucket(Uploads.mediaBucket)
    }

    /// The layout of the records in Redis, `nil` before the first start, and the one that this build works on.
    public static func schema(
        in redis: RedisClient, namespace: Namespace
    ) async throws -> (found: String?, expected: String) {
        let command = RedisCommand("GET", RedisArgument(Keys(namespace).schema)).retrying(.safe)
        return (try await redis.send(command).string, schemaVersion)
    }

    /// Writes the version into an empty installation, compares it in any other.
    private func checkSchema() async throws {
        let set = RedisCommand("SET", RedisArgument(keys.schema), RedisArgument(Self.schemaVersion), "NX", "GET")
        let found = try await redis.send(set)
        guard !found.isNull, let version = found.string, version != Self.schemaVersion else { return }
        throw StartError.schema(found: version, expected: Self.schemaVersion)
    }
}

/// Why a process may not start on this Redis.
public enum StartError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Redis throws data away when memory is short.
    case evicts(policy: String)
    /// Redis may forget what it acknowledged.
    case volatile(setting: String)
    /// The records were written by a build with another layout.
    case schema(found: String, expected: String)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .evicts(let policy):
            "Redis has maxmemory-policy '\(policy)' and would throw jobs and orders away when memory is short. "
                + "Set maxmemory-policy noeviction."
        case .volatile(let setting):
            "Redis has \(setting) and would forget acknowledged orders in a crash. Set appendonly yes and "
                + "appendfsync always, or allow a volatile Redis (redis.allow_volatile) where losing data is fine."
        case .schema(let found, let expected):
            "The records in Redis have schema version '\(found)', this build works on version \(expected). "
                + "Run the build that wrote them, or migrate them first."
        }
    }
}
