/// A change in Redis that a handler can stage for the completion of its job.
///
/// The body is a Lua chunk that returns `{ check = function(args, jobs) … end, apply = function(args, jobs) … end }`,
/// with the prelude and the fragments in scope. `check` reads only; a code that it returns makes the job fail with
/// that code, and nothing of the completion is applied. `apply` must not fail; the loser of a race is a no-op in it,
/// not a refusal.
public struct EffectDefinition: Sendable {
    /// The name by which an ``Effect`` refers to it: 1 to 64 letters, digits, `.`, `_` or `-`.
    public let name: String
    let fragments: [LuaFragment]
    let body: String

    /// Creates a definition.
    public init(name: String, fragments: [LuaFragment] = [], body: String) {
        self.name = name
        self.fragments = fragments
        self.body = body
    }

    /// Creates a definition whose body is an embedded resource (`PackageResources.<file>_lua`).
    public init(name: String, fragments: [LuaFragment] = [], body: [UInt8]) {
        self.init(name: name, fragments: fragments, body: String(decoding: body, as: UTF8.self))
    }
}
