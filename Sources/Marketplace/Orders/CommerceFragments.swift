import JobQueue

/// The Lua fragments that the scripts and effects of carts, orders and downloads share.
enum CommerceFragments {
    static let keys = LuaFragment(name: "ckeys", source: PackageResources.order_keys_lua)
    static let idempotency = LuaFragment(name: "idem", source: PackageResources.idem_lib_lua)
    static let carts = LuaFragment(
        name: "carts", source: PackageResources.cart_lib_lua, requires: [keys, MarketFragments.products])
    static let ledger = LuaFragment(name: "ledger", source: PackageResources.ledger_lib_lua, requires: [keys])
    static let orders = LuaFragment(
        name: "orders", source: PackageResources.order_lib_lua, requires: [keys, MarketFragments.products, ledger])
    static let entitlements = LuaFragment(
        name: "entitlements", source: PackageResources.ent_lib_lua, requires: [keys, MarketFragments.keys])
}
