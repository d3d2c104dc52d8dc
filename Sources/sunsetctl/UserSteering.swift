import ArgumentParser
import Assembly
import Marketplace

struct UserPromote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Puts an account into a group: seller to sell, admin to operate the shop.",
        discussion: "The account must have confirmed its address. Its sessions go on and have the group at once.")
    @Argument(help: "The account's e-mail address or id.") var user: String
    @Argument(help: "The group: buyer, seller, admin.") var group: UserGroup
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withInstallation { installation in
            let accounts = installation.marketplace.accounts
            let found = try await accounts.find(user)
            if group == .admin { try consent.ask("Make \(found.user.email) an admin, who may do everything?") }
            let (account, changed) = try await accounts.add(found.user.id, to: group)
            try common.report(
                "\(account.user.email) is in the group \(group.rawValue)" + (changed ? "" : " (it was already)"),
                AccountView(account))
        }
    }
}

struct UserDemote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demote", abstract: "Takes an account out of a group; what a seller has for sale stays.")
    @Argument(help: "The account's e-mail address or id.") var user: String
    @Argument(help: "The group: buyer, seller, admin.") var group: UserGroup
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withInstallation { installation in
            let accounts = installation.marketplace.accounts
            let found = try await accounts.find(user)
            try consent.ask("Take \(found.user.email) out of the group \(group.rawValue)?")
            let (account, changed) = try await accounts.remove(found.user.id, from: group)
            try common.report(
                "\(account.user.email) is not in the group \(group.rawValue)" + (changed ? "" : " (it was not before)"),
                AccountView(account))
        }
    }
}

struct UserSuspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Shuts an account out at once.",
        discussion: """
            Its sessions end, it can't sign in, its download links are refused, and what it sells can't be bought, though it \
            stays listed. A running download stops within 16 MiB. 'user resume' takes all of it back but the sessions.
            """)
    @Argument(help: "The account's e-mail address or id.") var user: String
    @Option(help: "Why, for other operators; the account's owner is not told.") var reason = ""
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withInstallation { installation in
            let accounts = installation.marketplace.accounts
            let found = try await accounts.find(user)
            try consent.ask("Suspend \(found.user.email) (\(found.sessions) sessions)?")
            let (account, changed, sessions) = try await accounts.suspend(found.user.id, reason: reason)
            try common.report(
                "\(account.user.email) is suspended" + (changed ? ", \(sessions) sessions ended" : " (it was already)"),
                AccountView(account))
        }
    }
}

struct UserResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets a suspended account in again; it has to sign in anew.")
    @Argument(help: "The account's e-mail address or id.") var user: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withInstallation { installation in
            let accounts = installation.marketplace.accounts
            let (account, changed) = try await accounts.resume(accounts.find(user).user.id)
            try common.report(
                "\(account.user.email) is \(account.status.rawValue)" + (changed ? "" : " (it was not suspended)"),
                AccountView(account))
        }
    }
}
