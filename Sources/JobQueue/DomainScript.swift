internal import RedisClient

/// A state change as one atomic script, which can put jobs on their queues in the same step.
///
/// The body is Lua. In scope are `NS`, `K`, `A`, `now`, `jobs`, `enqueue(job)`, `enqueue_all(list)`, `ok(…)`,
/// `refuse(code, detail)` and the fragments by name. Redis does not roll back, so a body validates first and writes
/// after: behind its first write nothing may fail.
public struct DomainScript: Sendable {
    /// The name in logs and errors.
    public let name: String
    let linked: RedisScript

    /// Links a script.
    ///
    /// - Parameter allowsOutOfMemory: whether it runs when Redis is full; only for scripts that free memory or must
    ///   not be refused.
    public init(name: String, fragments: [LuaFragment] = [], body: String, allowsOutOfMemory: Bool = false) {
        self.name = name
        self.linked = Linker.domainScript(
            name: name, fragments: fragments, body: body, allowsOutOfMemory: allowsOutOfMemory)
    }

    /// Links a script whose body is an embedded resource (`PackageResources.<file>_lua`).
    public init(name: String, fragments: [LuaFragment] = [], body: [UInt8], allowsOutOfMemory: Bool = false) {
        self.init(
            name: name, fragments: fragments, body: String(decoding: body, as: UTF8.self),
            allowsOutOfMemory: allowsOutOfMemory)
    }
}
