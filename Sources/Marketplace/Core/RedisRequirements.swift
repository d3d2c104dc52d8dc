public import RedisClient

/// What a Redis must be set to before it may hold orders.
public enum RedisRequirements {
    /// Refuses a Redis that evicts or, unless told that this is fine, does not persist every write.
    ///
    /// - Throws: ``StartError``, or `RedisError` when Redis can't be asked (`CONFIG` may be renamed or forbidden: then
    ///   grant it, the check is not skipped in silence).
    public static func check(_ redis: RedisClient, requiresPersistence: Bool) async throws {
        let settings = try await settings(of: redis)
        if let policy = settings["maxmemory-policy"], policy != "noeviction" {
            throw StartError.evicts(policy: policy)
        }
        guard requiresPersistence else { return }
        guard settings["appendonly"] == "yes" else {
            throw StartError.volatile(setting: "appendonly \(settings["appendonly"] ?? "no")")
        }
        guard settings["appendfsync"] == "always" else {
            throw StartError.volatile(setting: "appendfsync \(settings["appendfsync"] ?? "everysec")")
        }
    }

    private static func settings(of redis: RedisClient) async throws -> [String: String] {
        let reply = try await redis.send(RedisCommand("CONFIG", "GET", "maxmemory-policy", "appendonly", "appendfsync"))
        return ScriptReply.record(reply)
    }
}
