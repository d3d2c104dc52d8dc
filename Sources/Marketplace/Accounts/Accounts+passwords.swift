import JobQueue
import RedisClient

extension Accounts {
    /// Sets a new password by the code that was mailed; ends all sessions and the address's lock.
    ///
    /// - Throws: ``MarketplaceError`` `code_invalid`, whether it is the code or the address that is wrong.
    public func resetPassword(email: String, code: String, password: String, traceID: String? = nil) async throws {
        let address = try AccountRules.address(email)
        let password = try AccountRules.password(password)
        let hash = try AccountRules.codeHash(kind: "reset", address: address, code: AccountRules.code(code))
        let encoded = try await market.hasher.hash(password)
        do {
            _ = try await market.run(
                Scripts.setPassword,
                arguments: [
                    "reset", .init(address), .init(hash), .init(encoded), offset, .init(configuration.codeTries),
                    .init(AccountRules.addressHash(address)),
                ],
                jobs: [mail(.passwordChanged, to: address, name: "", traceID: traceID)])
        } catch let error as MarketplaceError where error.code == "code_invalid" {
            throw AccountRules.codeInvalid
        }
    }

    /// Sets a new password for who knows the current one; ends all sessions, the caller's too.
    ///
    /// - Throws: ``MarketplaceError`` `wrong_password` (counts towards the lock), `locked_out`.
    public func changePassword(user: String, current: String, new: String, traceID: String? = nil) async throws {
        let password = try AccountRules.password(new, pointer: "/new_password")
        let account = try await self.user(id: user)
        let (record, lockedFor) = try await lookUp(account.email)
        guard lockedFor == 0 else { throw MarketplaceError.refused("locked_out", String(lockedFor)) }
        guard let record, let encoded = record["password"],
            try await market.hasher.verify(AccountRules.attempt(current), against: encoded)
        else {
            try await countFailure(account.email)
            throw MarketplaceError.forbidden("wrong_password", "The current password is wrong.")
        }
        let renewed = try await market.hasher.hash(password)
        _ = try await market.run(
            Scripts.setPassword,
            arguments: [
                "change", .init(user), .init(encoded), .init(renewed), offset, .init(configuration.codeTries),
                .init(AccountRules.addressHash(account.email)),
            ],
            jobs: [mail(.passwordChanged, to: account.email, name: account.name, traceID: traceID)])
    }
}
