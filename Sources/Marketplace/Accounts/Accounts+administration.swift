import JobQueue
import RedisClient

/// What operators do: look at accounts, suspend them, change their groups.
extension Accounts {
    /// The most accounts that one page with a filter looks at.
    public static let maximumScan = 10_000

    /// An account by its id or its address.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`.
    public func account(_ idOrAddress: String) async throws -> Account {
        let isID = Identifier.isValid(idOrAddress, .user)
        guard let address = isID ? "" : try? AccountRules.address(idOrAddress) else {
            throw Self.noAccount  // What is neither an id nor an address has no account.
        }
        do {
            let values = try await market.run(
                Scripts.show, arguments: [.init(isID ? idOrAddress : ""), .init(address), offset], retry: .safe)
            return try Account(record: ScriptReply.record(values[0]))
        } catch let error as MarketplaceError where error.code == "not_found" {
            throw Self.noAccount
        }
    }

    /// One page of the accounts that match, the newest first.
    ///
    /// - Parameters:
    ///   - group: Only members of it.
    ///   - status: Only accounts in it.
    ///   - cursor: Where the page begins, as the page before said.
    ///   - limit: How many, 1 to 100.
    ///   - scan: How many accounts a page with a filter looks at, at most ``maximumScan``.
    /// - Throws: ``MarketplaceError`` `cursor_invalid`, `limit_invalid`.
    public func accounts(
        group: UserGroup? = nil, status: AccountStatus? = nil, cursor: String? = nil, limit: Int = 50,
        scan: Int = 1_000
    ) async throws -> AccountPage {
        try Marketplace.checkLimit(limit)
        let position = try cursor.map { try Cursor($0, tag: Self.listTag, kind: .user) }
        let values = try await market.run(
            Scripts.list,
            arguments: [
                .init(position.map { Cursor.text($0.score) } ?? "0"), .init(position?.member ?? ""), .init(limit),
                .init(min(max(scan, limit), Self.maximumScan)), .init(group?.rawValue ?? ""),
                .init(status?.rawValue ?? ""), offset,
            ],
            retry: .safe)
        let next = Cursor(
            tag: Self.listTag, score: Double(values[1].string ?? "") ?? 0, member: values[2].string ?? "")
        return AccountPage(
            accounts: try (values[0].array ?? []).map { try Account(record: ScriptReply.record($0)) },
            nextCursor: values[3].int == 1 ? next.encoded : nil, scanned: values[4].int ?? 0,
            unlisted: values[5].int ?? 0)
    }

    /// Puts all accounts on the list that ``accounts(group:status:cursor:limit:scan:)`` pages through.
    ///
    /// Needed once, where an older build made accounts; it goes through all of them, in steps of about 500.
    /// - Parameter progress: Called after each step with the accounts looked at so far.
    public func indexAll(progress: (Int) -> Void = { _ in }) async throws {
        var (cursor, looked) = ("0", 0)
        repeat {
            let values = try await market.run(Scripts.index, arguments: [.init(cursor), 500], retry: .safe)
            cursor = values[0].string ?? "0"
            looked += values[1].int ?? 0
            progress(looked)
        } while cursor != "0"
    }

    /// Shuts an account out.
    ///
    /// Its sessions end, it can't sign in, its download links answer `account_suspended`, and what it sells can't be
    /// bought, in a cart or by another attempt at an open order; its presigned uploads are refused. All of it holds when
    /// this returns. What runs already ends on its own: a download within 16 MiB, an upload whose bytes are on their way
    /// with the last of them, an order's event stream with its lifetime (an hour). Charges that are being
    /// processed or await the bank go through.
    ///
    /// - Parameters:
    ///   - id: The account.
    ///   - reason: Why, for other operators; cut to 500 characters.
    /// - Returns: The account, whether it was not suspended before, and how many sessions ended.
    /// - Throws: ``MarketplaceError`` `not_found`.
    public func suspend(_ id: String, reason: String) async throws -> (account: Account, changed: Bool, sessions: Int) {
        try await setSuspension(id, "suspend", reason: String(reason.prefix(500)))
    }

    /// Whether the account is suspended now; `false` for one that does not exist.
    func isSuspended(_ id: String) async throws -> Bool {
        try await market.redis.send(
            RedisCommand("HEXISTS", RedisArgument(keys.user(id)), "suspended").retrying(.safe)
        ).int == 1
    }

    /// Ends a suspension; sessions from before it stay ended.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`.
    public func resume(_ id: String) async throws -> (account: Account, changed: Bool) {
        let (account, changed, _) = try await setSuspension(id, "resume", reason: "")
        return (account, changed)
    }

    /// Puts a confirmed account into a group; a new seller gets a name in URLs.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`, `not_confirmed`.
    public func add(_ id: String, to group: UserGroup) async throws -> (account: Account, changed: Bool) {
        try await setMembership(id, "add", group)
    }

    /// Takes an account out of a group; what a seller has for sale stays.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`.
    public func remove(_ id: String, from group: UserGroup) async throws -> (account: Account, changed: Bool) {
        try await setMembership(id, "remove", group)
    }

    private func setSuspension(
        _ id: String, _ verb: String, reason: String
    ) async throws -> (account: Account, changed: Bool, sessions: Int) {
        guard Identifier.isValid(id, .user) else { throw Self.noAccount }
        let values = try await market.run(
            Scripts.suspend, arguments: [.init(id), .init(verb), .init(reason), offset], retry: .safe)
        return (try Account(record: ScriptReply.record(values[2])), values[0].int == 1, values[1].int ?? 0)
    }

    private func setMembership(
        _ id: String, _ verb: String, _ group: UserGroup
    ) async throws -> (account: Account, changed: Bool) {
        let name = try await user(id: id).name
        let values = try await market.run(
            Scripts.groups,
            arguments: [
                .init(id), .init(verb), .init(group.rawValue), .init(Slug.make(name, fallback: "seller")),
                .init(market.random.digits(6)), offset,
            ],
            retry: .safe)
        return (try Account(record: ScriptReply.record(values[1])), values[0].int == 1)
    }

    private static let listTag = "users"
    private static var noAccount: MarketplaceError { .notFound("not_found", "There is no such account.") }
}
