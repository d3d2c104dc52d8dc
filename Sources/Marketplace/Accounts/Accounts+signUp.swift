import JobQueue
import RedisClient

extension Accounts {
    /// Signs an address up and mails the code that confirms it.
    ///
    /// The answer is the same for an address that has an account: its owner gets a mail that says so. A second sign-up
    /// before the confirmation replaces name, groups and password, and the code of the first is void.
    /// - Throws: ``MarketplaceError`` for input that can't be accepted.
    public func signUp(
        email: String, password: String, name: String, groups: [UserGroup] = [.buyer], traceID: String? = nil
    ) async throws {
        let address = try AccountRules.address(email)
        let password = try AccountRules.password(password)
        let name = try AccountRules.name(name)
        guard !groups.contains(.admin) else {
            throw MarketplaceError.invalid(
                pointer: "/groups", code: "group_not_allowed", detail: "Groups are buyer and seller.")
        }
        // Whoever sells can buy: an account without the buyer group could do nothing with a cart.
        let joined = UserGroup.allCases.filter { $0 == .buyer || groups.contains($0) }.map(\.rawValue)
        let encoded = try await market.hasher.hash(password)
        let code = market.random.digits(6)
        _ = try await market.run(
            Scripts.signUp,
            arguments: [
                .init(address), .init(market.newID(.user)), .init(name), .init(joined.joined(separator: " ")),
                .init(encoded), .init(Slug.make(name, fallback: "seller")),
                .init(AccountRules.codeHash(kind: "confirm", address: address, code: code)), offset,
                .init(configuration.codeLifetime.milliseconds), .init(configuration.codeInterval.milliseconds),
            ],
            jobs: [
                mail(.confirmCode(code: code, minutes: codeMinutes), to: address, name: name, traceID: traceID),
                mail(.alreadyRegistered, to: address, name: "", traceID: traceID),
            ])
    }

    /// Confirms an address by the code that was mailed to it; a repeat with the right code gives the same answer.
    ///
    /// - Throws: ``MarketplaceError`` `code_invalid`, whether it is the code or the address that is wrong.
    public func confirm(email: String, code: String) async throws -> User {
        let address = try AccountRules.address(email)
        let hash = try AccountRules.codeHash(kind: "confirm", address: address, code: AccountRules.code(code))
        do {
            let values = try await market.run(
                Scripts.confirm,
                arguments: [
                    .init(address), .init(hash), offset, .init(configuration.codeTries),
                    .init(market.random.digits(6)),
                ])
            return try User(record: ScriptReply.record(values[0]))
        } catch let error as MarketplaceError where error.code == "code_invalid" {
            throw AccountRules.codeInvalid
        }
    }

    /// Mails a new confirmation code, if the address waits for one; the answer does not tell.
    public func resendCode(email: String, traceID: String? = nil) async throws {
        try await issueCode(kind: "confirm", email: email, traceID: traceID) { code in
            .confirmCode(code: code, minutes: codeMinutes)
        }
    }

    /// Mails a code that allows to set a new password, if the address has an account; the answer does not tell.
    public func forgotPassword(email: String, traceID: String? = nil) async throws {
        try await issueCode(kind: "reset", email: email, traceID: traceID) { code in
            .resetCode(code: code, minutes: codeMinutes)
        }
    }

    private var codeMinutes: Int {
        Int(max(1, configuration.codeLifetime.milliseconds / 60_000))
    }

    private func issueCode(
        kind: String, email: String, traceID: String?, template: (String) -> MailTemplate
    ) async throws {
        let address = try AccountRules.address(email)
        let code = market.random.digits(6)
        _ = try await market.run(
            Scripts.issueCode,
            arguments: [
                .init(kind), .init(address),
                .init(AccountRules.codeHash(kind: kind, address: address, code: code)), offset,
                .init(configuration.codeLifetime.milliseconds), .init(configuration.codeInterval.milliseconds),
            ],
            jobs: [mail(template(code), to: address, name: "", traceID: traceID)])
    }

    /// Makes the installation's first admin, if there is none; of several processes at once one makes it.
    ///
    /// - Returns: The address and the generated password, only from the call that made the admin: show it once, it is
    ///   kept nowhere.
    /// - Throws: ``MarketplaceError`` `email_taken` when the address is somebody else's.
    public func ensureAdmin(
        email: String = "admin@sunset.localhost", name: String = "Admin"
    ) async throws -> (email: String, password: String)? {
        if try await market.redis.send(RedisCommand("EXISTS", RedisArgument(keys.admin))).int == 1 { return nil }
        let address = try AccountRules.address(email, pointer: "/market/admin_email")
        let password = market.random.token(bytes: 18)
        let encoded = try await market.hasher.hash(password)
        let values = try await market.run(
            Scripts.bootstrap,
            arguments: [.init(market.newID(.user)), .init(address), .init(name), .init(encoded), offset])
        return values[0].string == "made" ? (address, password) : nil
    }
}
