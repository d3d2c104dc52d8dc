/// The Redis keys of carts, orders, payments, the ledger and downloads.
///
/// Scripts spell the same keys in `Lua/order_keys.lua`, this file's twin; those that only scripts touch are there alone.
extension Keys {
    /// LIST of the latest 200 steps of an order, see ``OrderStory``.
    func orderLog(_ id: String) -> String { ns + "ord:" + id + ":log" }
    /// ZSET order id, all scores 0: every order, sorted by its identifier and so by time.
    var orders: String { ns + "orders" }
    /// ZSET order id, all scores 0: a buyer's orders.
    func orders(user: String) -> String { ns + "usr:" + user + ":orders" }
    /// ZSET `<order id>:<line index>`, all scores 0: what a seller sold.
    func sales(seller: String) -> String { ns + "slr:" + seller + ":sales" }
    /// HASH, see ``Entitlement``; its field `spent:<file>` is the time of the file's last counted download.
    func entitlement(_ id: String) -> String { ns + "ent:" + id }
    /// LIST of the latest 50 grants, counted downloads and transfers of an entitlement, see ``OrderStory``.
    func entitlementLog(_ id: String) -> String { ns + "ent:" + id + ":log" }
    /// ZSET entitlement id, all scores 0: a buyer's library.
    func entitlements(user: String) -> String { ns + "usr:" + user + ":ents" }
    /// STREAM of ledger transactions; HASH `<account>|<currency>` → minor units beside it (`ledger:balances`).
    var ledger: String { ns + "ledger" }
    /// HASH {at (Unix ms), problems, transactions} of the latest verification.
    var ledgerVerified: String { ns + "ledger:verified" }
    /// HASH {fp, claim, claimed, resource, status, body} with a TTL.
    ///
    /// The client's own text stands last, so that it can't reach into the other parts.
    func idempotency(account: String, route: String, key: String) -> String {
        ns + "idem:" + account + ":" + route + ":" + key
    }
    /// STREAM of finished and broken downloads, capped.
    var downloadLog: String { ns + "downloads" }
    /// Pub/sub channel; the payload is the id of the order that changed.
    var orderEvents: String { ns + "evt:orders" }
}
