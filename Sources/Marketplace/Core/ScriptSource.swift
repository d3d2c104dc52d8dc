package import JobQueue

/// Names the Lua files of this module as scripts and fragments.
enum ScriptSource {
    static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}

/// The Lua fragments that scripts of this module share.
package enum MarketFragments {
    /// `keys.user(id)` and so on: the twin of `Keys.swift`.
    package static let keys = LuaFragment(name: "keys", source: ScriptSource.text(PackageResources.market_keys_lua))
    /// `pages.after(zset, reverse, score, member, count)`: one page of a sorted set.
    package static let pages = LuaFragment(
        name: "pages", source: ScriptSource.text(PackageResources.market_pages_lua), requires: [keys])
    /// `products.get`, `products.available`, `products.sold`, and the catalog's indexes.
    package static let products = LuaFragment(
        name: "products", source: ScriptSource.text(PackageResources.product_records_lua), requires: [keys])
}
