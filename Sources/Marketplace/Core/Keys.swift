public import JobQueue

/// Every Redis key of accounts, uploads and the catalog; `Keys+commerce.swift` has those of the money side.
///
/// All keys begin with the namespace's hash tag (`{sunset}:`), so that they share a slot, and with it one primary:
/// scripts may touch any of them together. `Lua/market_keys.lua` is this file's twin inside of scripts.
public struct Keys: Sendable {
    /// What every key begins with: `{sunset}:`.
    public let ns: String

    /// The keys of one installation.
    public init(_ namespace: Namespace) {
        ns = namespace.tag + ":"
    }

    /// STRING: the version of the records' layout.
    var schema: String { ns + "schema" }

    /// HASH `<what>|<state or currency>` → how many, or minor units, since the beginning; see ``InstallationTotals``.
    var totals: String { ns + "totals" }

    // MARK: Accounts

    /// HASH {id, email, name, groups (names with spaces between), password, confirmed, created, slug, slug_base} and, of a
    /// suspended account, {suspended (ms), suspension_reason}.
    func user(_ id: String) -> String { ns + "usr:" + id }
    /// HASH lower-cased address → user id.
    var emails: String { ns + "email" }
    /// ZSET user id → ms of creation; accounts of builds that had no such list are put on it by ``Accounts/indexAll(progress:)``.
    var users: String { ns + "users" }
    /// HASH slug → user id of a seller.
    var sellers: String { ns + "sellers" }
    /// STRING: the id of the first admin, once there is one.
    var admin: String { ns + "admin" }
    /// HASH {user, created, seen, expires} with a TTL; the token itself is kept nowhere.
    func session(hash: String) -> String { ns + "ses:" + hash }
    /// ZSET session hash → expiry in ms.
    func sessions(user: String) -> String { ns + "usr:" + user + ":sessions" }
    /// HASH {hash, expires, tries, sent, used} with a TTL; `kind` is `confirm` or `reset`.
    func code(kind: String, user: String) -> String { ns + "code:" + kind + ":" + user }
    /// HASH {failures, until} with a TTL; by a hash of the address, so that unknown addresses lock like known ones.
    func lock(addressHash: String) -> String { ns + "lock:" + addressHash }

    // MARK: Uploads

    /// HASH, see ``Uploads``.
    func upload(_ id: String) -> String { ns + "upl:" + id }
    /// What the keys of all uploads begin with.
    var uploadPrefix: String { ns + "upl:" }
    /// ZSET upload id → ms of creation.
    func uploads(owner: String) -> String { ns + "usr:" + owner + ":uploads" }
    /// HASH {bytes, count} that the owner's uploads take.
    func usage(owner: String) -> String { ns + "usr:" + owner + ":usage" }
    /// HASH SHA-256 → the owner's first ready upload with that content.
    func content(owner: String) -> String { ns + "usr:" + owner + ":content" }

    /// ZSET upload id → ms: the quarantined uploads of all owners.
    var quarantine: String { ns + "quarantine" }

    // MARK: Catalog

    /// HASH, see ``Product``.
    func product(_ id: String) -> String { ns + "prd:" + id }
    /// What the keys of all products begin with.
    var productPrefix: String { ns + "prd:" }
    /// HASH word → weight: what the product is found by once it is published.
    func terms(product: String) -> String { ns + "prd:" + product + ":terms" }
    /// STRING (JSON) {s: scopes, w: words}: where a published product is indexed, so that it can be taken out again.
    func indexed(product: String) -> String { ns + "prd:" + product + ":indexed" }
    /// HASH slug → product id.
    var slugs: String { ns + "slug" }
    /// ZSET product id → ms of creation, drafts included.
    func products(seller: String) -> String { ns + "usr:" + seller + ":products" }
    /// ZSET product id → sort value; `order` is `newest`, `price` or `sales`, `scope` is empty, or `c:<category>:`,
    /// `s:<seller>:` or `t:<tag>:`.
    func catalog(scope: String = "", order: String) -> String { ns + "cat:" + scope + order }
    /// ZSET product id → weight of the word in it.
    func word(_ word: String) -> String { ns + "idx:w:" + word }
    /// ZSET of all words that some published product has, all with score 0: sorted by byte, for prefixes.
    var words: String { ns + "idx:terms" }
}
