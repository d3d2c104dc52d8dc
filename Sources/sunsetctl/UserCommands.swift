public import ArgumentParser
import Assembly
public import Marketplace

extension UserGroup: ExpressibleByArgument {}
extension AccountStatus: ExpressibleByArgument {}

struct UserList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "The accounts, the newest first, a page at a time.",
        discussion: "A filter looks at --scan accounts for a page: it can be short, or empty, and still go on.")
    @Option(help: "Only members of a group: buyer, seller, admin.") var group: UserGroup?
    @Option(help: "Only accounts in a status: unconfirmed, active, suspended.") var status: AccountStatus?
    @Option(help: "Where the page begins, as the page before said.") var cursor: String?
    @Option(help: "How many accounts, 1 to 100.") var limit = 50
    @Option(help: "How many accounts a page with a filter looks at, 1 to 10000.") var scan = 1_000
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...100).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 100.") }
        guard (1...Accounts.maximumScan).contains(scan) else {
            throw ValidationError("--scan is \(scan); it must be 1 to \(Accounts.maximumScan).")
        }
    }

    func run() async throws {
        try await common.withInstallation { installation in
            let accounts = installation.marketplace.accounts
            var page = try await self.page(of: accounts)
            if page.unlisted > 0 {
                CommonOptions.complain(
                    "\(page.unlisted) accounts of an older version are not listed yet; going through all accounts once")
                let bar = ProgressBar(isShown: !common.json)
                let total = page.unlisted
                try await accounts.indexAll { bar.show(done: min($0, total), of: total, "\($0) accounts") }
                bar.end()
                page = try await self.page(of: accounts)
            }
            guard !common.json else { return try common.printJSON(Listing(page)) }
            var table = Table(["ID", "E-MAIL", "NAME", "GROUPS", "STATUS", "CREATED", "SESSIONS"])
            for account in page.accounts.map(AccountView.init) {
                table.add([
                    account.id, account.email, account.name, account.groups.joined(separator: ","), account.status,
                    Show.time(account.createdAt), "\(account.sessions)",
                ])
            }
            table.write()
            if let next = page.nextCursor { print("more: --cursor \(next)") }
        }
    }

    private func page(of accounts: Accounts) async throws -> AccountPage {
        try await accounts.accounts(group: group, status: status, cursor: cursor, limit: limit, scan: scan)
    }

    private struct Listing: Encodable {
        let users: [AccountView]
        let nextCursor: String?
        let scanned: Int

        init(_ page: AccountPage) {
            users = page.accounts.map(AccountView.init)
            nextCursor = page.nextCursor
            scanned = page.scanned
        }
    }
}

struct UserShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "One account.")
    @Argument(help: "The account's e-mail address or id.") var user: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withInstallation { installation in
            let account = AccountView(try await installation.marketplace.accounts.find(user))
            guard !common.json else { return try common.printJSON(account) }
            print("account    \(account.id)")
            print("e-mail     \(account.email)\(account.confirmed ? "" : " (not confirmed)")")
            print("name       \(account.name)")
            if let slug = account.slug { print("seller as  \(slug)") }
            print("groups     \(account.groups.joined(separator: ", "))")
            print("status     \(account.status)")
            if let since = account.suspendedAt {
                print("suspended  \(Show.time(since))  \(account.suspensionReason ?? "no reason was given")")
            }
            print("created    \(Show.time(account.createdAt))")
            print("sessions   \(account.sessions)")
        }
    }
}

/// An account in the form of the other commands: times in Unix milliseconds.
struct AccountView: Encodable {
    let id: String
    let email: String
    let name: String
    let groups: [String]
    let status: String
    let confirmed: Bool
    let slug: String?
    let createdAt: Int64
    let suspendedAt: Int64?
    let suspensionReason: String?
    let sessions: Int

    init(_ account: Account) {
        id = account.user.id
        email = account.user.email
        name = account.user.name
        groups = account.user.groups.map(\.rawValue)
        status = account.status.rawValue
        confirmed = account.user.confirmed
        slug = account.user.slug
        createdAt = account.user.createdAt.milliseconds
        suspendedAt = account.suspendedAt?.milliseconds
        suspensionReason = account.suspensionReason
        sessions = account.sessions
    }
}

extension Accounts {
    /// An account by its address or id; ends the command if there is none.
    func find(_ text: String) async throws -> Account {
        do {
            return try await account(text)
        } catch let error as MarketplaceError where error.category == .notFound {
            throw CommonOptions.refuse("there is no account '\(text)'; give an e-mail address or an id (usr_…)")
        }
    }
}
