import JobQueue
import RedisClient

/// Sign-up, confirmation, sign-in, sessions and passwords.
///
/// Nobody learns from an answer, nor from how long it took, whether an address has an account: what depends on it goes
/// out by mail. A state change and its mail are one script.
public struct Accounts: Sendable {
    let market: Marketplace

    var keys: Keys { market.keys }
    var configuration: MarketplaceConfiguration { market.configuration }

    /// An account by its id.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`.
    public func user(id: String) async throws -> User {
        guard Identifier.isValid(id, .user) else { throw MarketplaceError.notFound() }
        let reply = try await market.redis.send(RedisCommand("HGETALL", RedisArgument(keys.user(id))))
        let record = ScriptReply.record(reply)
        guard !record.isEmpty else { throw MarketplaceError.notFound() }
        return try User(record: record)
    }

    /// The address's record and how long it is locked, in one look.
    func lookUp(_ address: String) async throws -> (record: [String: String]?, lockedFor: Int64) {
        let values = try await market.run(
            Scripts.lookUp, arguments: [.init(address), .init(AccountRules.addressHash(address)), offset],
            retry: .safe)
        let record = ScriptReply.record(values[1])
        return (record.isEmpty ? nil : record, Int64(values[0].int ?? 0))
    }

    var offset: RedisArgument { RedisArgument(market.clock.offsetMilliseconds) }

    func mail(_ template: MailTemplate, to address: String, name: String, traceID: String?) throws -> PreparedJob {
        try SendMail(to: address, name: name, template: template).prepared(
            id: .generate(), delay: nil, priority: nil, traceID: traceID)
    }

    /// The scripts of accounts and sessions.
    enum Scripts {
        static let lookUp = script("account.look_up", PackageResources.account_look_up_lua, always: true)
        static let signUp = script("account.sign_up", PackageResources.account_sign_up_lua)
        static let issueCode = script("account.issue_code", PackageResources.account_issue_code_lua)
        static let confirm = script("account.confirm", PackageResources.account_confirm_lua)
        static let fail = script("account.fail", PackageResources.account_fail_lua)
        static let setPassword = script("account.set_password", PackageResources.account_set_password_lua)
        static let bootstrap = script("account.bootstrap", PackageResources.account_bootstrap_lua)
        static let show = script("account.show", PackageResources.account_show_lua, always: true)
        static let list = script("account.list", PackageResources.account_list_lua, always: true)
        static let index = script("account.index", PackageResources.account_index_lua)
        static let suspend = script("account.suspend", PackageResources.account_suspend_lua, always: true)
        static let groups = script("account.groups", PackageResources.account_groups_lua)
        static let openSession = script("session.open", PackageResources.session_open_lua)
        static let touchSession = script("session.touch", PackageResources.session_touch_lua, always: true)
        static let endSessions = script("session.end", PackageResources.session_end_lua, always: true)

        private static let sessions = LuaFragment(
            name: "sessions", source: ScriptSource.text(PackageResources.session_records_lua),
            requires: [MarketFragments.keys])
        private static let records = LuaFragment(
            name: "accounts", source: ScriptSource.text(PackageResources.account_records_lua),
            requires: [MarketFragments.keys])
        private static let codes = LuaFragment(
            name: "codes", source: ScriptSource.text(PackageResources.account_codes_lua),
            requires: [MarketFragments.keys])

        /// What the scripts of sessions, which run with each request, do without.
        private static let rest = [codes, records, MarketFragments.pages]

        /// - Parameter always: Also when Redis is full: who is signed in can still look around, and free memory.
        private static func script(_ name: String, _ body: [UInt8], always: Bool = false) -> DomainScript {
            DomainScript(
                name: name, fragments: [MarketFragments.keys, sessions] + (name.hasPrefix("session") ? [] : rest),
                body: ScriptSource.text(body), allowsOutOfMemory: always)
        }
    }
}
