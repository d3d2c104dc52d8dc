internal import RedisClient

/// Links scripts as text: a shebang, the prelude, the fragments in the order of their needs, the body.
///
/// Scripts can't call scripts, and Functions are global to a server, so that a deploy would break the workers that
/// still run the old ones. A linked text has a digest of its own, and old and new live side by side.
enum Linker {
    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// What every script begins with, in the order of its needs.
    static var prelude: [String] {
        [
            PackageResources.prelude_lua, PackageResources.stats_lua, PackageResources.bonds_lua,
            PackageResources.put_lua,
        ]
        .map(text)
    }

    static func domainScript(
        name: String, fragments: [LuaFragment], body: String, allowsOutOfMemory: Bool
    ) -> RedisScript {
        RedisScript(
            name: name,
            source: assemble(
                flags: allowsOutOfMemory ? "allow-oom" : nil,
                parts: prelude + [text(PackageResources.domain_lua)]
                    + ordered(fragments).map(wrap) + [body]))
    }

    static func turnScript(effects: [EffectDefinition]) -> RedisScript {
        var parts = prelude
        parts += ordered(effects.flatMap(\.fragments)).map(wrap)
        parts.append("local EFFECTS = {}")
        parts += effects.map { "EFFECTS['\($0.name)'] = (function()\n\($0.body)\nend)()" }
        parts += [
            PackageResources.fate_lua, PackageResources.settle_lua, PackageResources.claim_lua,
            PackageResources.turn_lua,
        ]
        .map(text)
        return RedisScript(name: "turn", source: assemble(flags: "allow-oom", parts: parts))
    }

    /// A script of the queue itself.
    static func script(_ name: String, _ bodies: [UInt8]..., flags: String?) -> RedisScript {
        RedisScript(
            name: name, source: assemble(flags: flags, parts: prelude + bodies.map(text)))
    }

    /// A script of the queue itself that needs no more than its keys, the time and the counters.
    static func plainScript(_ name: String, _ bodies: [UInt8]..., flags: String?) -> RedisScript {
        RedisScript(
            name: name,
            source: assemble(
                flags: flags,
                parts: ([PackageResources.prelude_lua, PackageResources.stats_lua] + bodies).map(text)))
    }

    private static func assemble(flags: String?, parts: [String]) -> String {
        "#!lua" + (flags.map { " flags=\($0)" } ?? "") + "\n" + parts.joined(separator: "\n")
    }

    private static func wrap(_ fragment: LuaFragment) -> String {
        "local \(fragment.name) = (function()\n\(fragment.source)\nend)()"
    }

    /// Each fragment once, after those that it requires.
    static func ordered(_ fragments: [LuaFragment]) -> [LuaFragment] {
        var sources: [String: String] = [:]
        var result: [LuaFragment] = []
        func visit(_ fragment: LuaFragment) {
            if let known = sources[fragment.name] {
                precondition(known == fragment.source, "two Lua fragments are named '\(fragment.name)'")
                return
            }
            sources[fragment.name] = fragment.source
            fragment.requires.forEach(visit)
            result.append(fragment)
        }
        fragments.forEach(visit)
        return result
    }
}
