import JobQueue
import RedisClient

extension Accounts {
    /// Opens a session.
    ///
    /// - Throws: ``MarketplaceError`` `invalid_credentials` (also for unknown addresses, after the same work),
    ///   `not_confirmed` and `account_suspended` (only with the right password), `locked_out` with ``MarketplaceError/retryAfter``.
    public func signIn(email: String, password: String) async throws -> SignedIn {
        let address: String
        do {
            address = try AccountRules.address(email)
        } catch {
            // What is no address has no account; it costs the same and is answered the same.
            _ = try await market.hasher.verify(AccountRules.attempt(password), against: nil)
            throw Self.invalidCredentials
        }
        let (record, lockedFor) = try await lookUp(address)
        guard lockedFor == 0 else { throw MarketplaceError.refused("locked_out", String(lockedFor)) }
        let attempt = AccountRules.attempt(password)
        guard try await market.hasher.verify(attempt, against: record?["password"]),
            let record, let id = record["id"], let encoded = record["password"]
        else {
            try await countFailure(address)
            throw Self.invalidCredentials
        }
        let renewed = market.hasher.isOutdated(encoded) ? try await market.hasher.hash(attempt) : ""
        let token = market.random.token()
        let values = try await market.run(
            Scripts.openSession,
            arguments: [
                .init(AccountRules.addressHash(address)), .init(id), .init(encoded),
                .init(AccountRules.tokenHash(token)), offset, .init(configuration.sessionLifetime.milliseconds),
                .init(configuration.sessionsPerUser), .init(renewed),
            ])
        return SignedIn(
            token: token, expiresAt: Timestamp(milliseconds: Int64(values[0].int ?? 0)),
            user: try User(record: ScriptReply.record(values[1])))
    }

    /// The session that a token opened; using it moves its expiry.
    ///
    /// - Throws: ``MarketplaceError`` `session_invalid`, `account_suspended`.
    public func authenticate(token: String) async throws -> Session {
        // Ours have 43 characters; anything else need not be hashed, nor Redis be asked.
        guard (1...128).contains(token.utf8.count) else {
            throw MarketplaceError.refused("session_invalid", "The session has ended. Sign in again.")
        }
        let hash = AccountRules.tokenHash(token)
        let lifetime = configuration.sessionLifetime.milliseconds
        let values = try await market.run(
            Scripts.touchSession,
            arguments: [
                .init(hash), offset, .init(lifetime), .init(configuration.sessionMaximumLifetime.milliseconds),
                // A write costs an fsync, so a session in constant use is moved a hundred times in its life, not at
                // each request.
                .init(lifetime / 100),
            ],
            retry: .safe)
        return Session(
            user: try User(record: ScriptReply.record(values[2])), tokenHash: hash,
            createdAt: Timestamp(milliseconds: Int64(values[0].int ?? 0)),
            expiresAt: Timestamp(milliseconds: Int64(values[1].int ?? 0)))
    }

    /// Ends the session of a token; one that has ended already is fine.
    public func signOut(token: String) async throws {
        _ = try await market.run(
            Scripts.endSessions, arguments: ["one", .init(AccountRules.tokenHash(token))], retry: .safe)
    }

    /// Ends all sessions of a user and says how many there were.
    @discardableResult
    public func signOutEverywhere(user: String) async throws -> Int {
        let values = try await market.run(Scripts.endSessions, arguments: ["all", .init(user)], retry: .safe)
        return values[0].int ?? 0
    }

    func countFailure(_ address: String) async throws {
        _ = try await market.run(Scripts.fail, arguments: [.init(AccountRules.addressHash(address)), offset])
    }

    private static var invalidCredentials: MarketplaceError {
        .unauthenticated("invalid_credentials", "The address or the password is wrong.")
    }
}
