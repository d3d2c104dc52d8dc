/// Shared Lua text that scripts and effects require by name.
///
/// The linker wraps the source as `local <name> = (function() <source> end)()`, once in each script and after what it
/// requires; so the source ends in `return { … }`, and sees the prelude and the fragments that it requires.
public struct LuaFragment: Sendable {
    /// The name under which it is in scope: a Lua identifier.
    public let name: String
    /// The text.
    public let source: String
    /// The fragments that it uses.
    public let requires: [LuaFragment]

    /// Creates a fragment.
    public init(name: String, source: String, requires: [LuaFragment] = []) {
        self.name = name
        self.source = source
        self.requires = requires
    }

    /// Creates a fragment from an embedded resource (`PackageResources.<file>_lua`).
    public init(name: String, source: [UInt8], requires: [LuaFragment] = []) {
        self.init(name: name, source: String(decoding: source, as: UTF8.self), requires: requires)
    }
}
