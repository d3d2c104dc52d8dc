import Foundation
import JobQueue
import RedisClient

/// Buyers' libraries, the links to their files, and what happens when a link is used.
///
/// An entitlement lasts; a grant is short and signed. A grant is counted once, by the script that runs before the
/// response head, at its first 200 or 206; looking at it and resuming cost nothing.
public struct Downloads: Sendable {
    let market: Marketplace

    private static func script(_ name: String, _ body: [UInt8]) -> DomainScript {
        DomainScript(name: name, fragments: [CommerceFragments.entitlements], body: body)
    }

    private static let get = script("ent_get", PackageResources.ent_get_lua)
    private static let list = script("ent_list", PackageResources.ent_list_lua)
    private static let revoke = DomainScript(
        name: "ent_revoke", fragments: [CommerceFragments.entitlements], body: PackageResources.ent_revoke_lua,
        allowsOutOfMemory: true)
    private static let create = script("grant_create", PackageResources.grant_create_lua)
    static let logTransfer = DomainScript(
        name: "download_log", fragments: [CommerceFragments.entitlements], body: PackageResources.download_log_lua,
        allowsOutOfMemory: true)
    private static let use = script("grant_use", PackageResources.grant_use_lua)

    private var settings: CommerceConfiguration { market.configuration.commerce }
    private var clockOffset: RedisArgument { RedisArgument(market.clock.offsetMilliseconds) }

    // MARK: Entitlements

    /// What a user bought, newest first.
    ///
    /// - Throws: ``MarketplaceError`` `cursor_invalid` or `limit_invalid`.
    public func library(user: String, cursor: String?, limit: Int) async throws -> Page<Entitlement> {
        let page = try await market.memberPage(
            Self.list, key: market.keys.entitlements(user: user), tag: "library", cursor: cursor, limit: limit)
        return Page(try page.records.map(read), members: page.members, limit: limit, tag: "library")
    }

    /// A user's own entitlement.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`, also for another user's.
    public func entitlement(_ id: String, user: String) async throws -> Entitlement {
        let values = try await market.transact(Self.get, arguments: [try checked(id), RedisArgument(user)])
        return try read(values.first ?? .null)
    }

    /// Withdraws a right: no request begins after this returns, and running transfers stop within 16 MiB.
    ///
    /// - Parameters:
    ///   - id: The entitlement.
    ///   - user: Who asks: the product's seller, or an admin.
    ///   - isAdmin: Whether the user is an admin.
    ///   - reason: Why, for the records and the buyer; cut to 500 characters.
    /// - Throws: ``MarketplaceError`` `not_found`, also for somebody who may not.
    public func revoke(_ id: String, by user: String, isAdmin: Bool, reason: String) async throws -> Entitlement {
        let values = try await market.transact(
            Self.revoke,
            arguments: [
                try checked(id), RedisArgument(user), RedisArgument(isAdmin ? 1 : 0),
                RedisArgument(String(reason.prefix(500))),
            ])
        return try read(values.first ?? .null)
    }

    // MARK: Grants

    /// Makes a link to one file of an entitlement.
    ///
    /// - Parameters:
    ///   - entitlement: The user's own.
    ///   - file: One of its files.
    ///   - user: Who asks.
    ///   - expiresIn: The link's lifetime, one second at least and ``CommerceConfiguration/maximumGrantLifetime`` at
    ///     most; by default an hour, and for large files the time that a slow line takes on top.
    ///   - traceID: The request's id, for the order's story.
    /// - Throws: ``MarketplaceError`` `not_found`, `entitlement_revoked` or `download_limit_reached`.
    public func grant(
        entitlement: String, file: String, user: String, expiresIn: Duration? = nil, traceID: String? = nil
    ) async throws -> IssuedGrant {
        let id = market.newID(.grant)
        let lifetime = expiresIn.map { String(max(1000, $0.milliseconds)) } ?? ""
        let values = try await market.transact(
            Self.create,
            arguments: [
                try checked(entitlement), RedisArgument(user), RedisArgument(file), RedisArgument(id),
                RedisArgument(lifetime), RedisArgument(settings.minimumGrantLifetime.milliseconds),
                RedisArgument(settings.maximumGrantLifetime.milliseconds),
                RedisArgument(CommerceConfiguration.slowLineBytesPerMillisecond),
                RedisArgument(settings.reissueWindow.milliseconds), clockOffset, RedisArgument(traceID ?? ""),
            ])
        guard values.count == 4, let epoch = values[0].int, let expiry = values[1].int, let left = values[3].int else {
            throw ScriptReplyError(script: Self.create.name, reply: "\(values)")
        }
        return try issued(
            grant: id, entitlement: entitlement, epoch: epoch, expiresAt: Timestamp(milliseconds: Int64(expiry)),
            file: try JSONDecoder().decode(ProductFile.self, from: Data(values[2].bytes ?? [])), remaining: left)
    }

    func issued(
        grant: String, entitlement: String, epoch: Int, expiresAt: Timestamp, file: ProductFile, remaining: Int
    ) throws -> IssuedGrant {
        let token = DownloadToken(
            grant: grant, entitlement: entitlement, file: file.id, epoch: UInt32(truncatingIfNeeded: epoch),
            expiresAt: expiresAt)
        guard let signed = token.signed(by: market.keyRing) else { throw RecordError("grant " + grant, field: "file") }
        return IssuedGrant(
            grantID: grant, token: signed, url: market.configuration.publicURL + "/d/" + signed, expiresAt: expiresAt,
            file: file, remaining: remaining)
    }

    /// Decides what a request with this token would get, and counts nothing: for HEAD, 304, 412 and 416.
    ///
    /// - Throws: ``MarketplaceError`` `token_forged` (before anything is read), `token_expired`,
    ///   `download_limit_reached`, `entitlement_revoked` or `account_suspended`.
    public func check(token: String) async throws -> DownloadTicket {
        try await use(token, "check", nil)
    }

    /// Takes one download for this token's grant, unless it was taken before or is free; call it before the response head.
    ///
    /// - Throws: as ``check(token:)``.
    public func spend(token: String, traceID: String? = nil) async throws -> DownloadTicket {
        try await use(token, "spend", traceID)
    }

    private func use(_ text: String, _ mode: String, _ traceID: String?) async throws -> DownloadTicket {
        let token = try await DownloadToken(text, ring: market.keyRing)
        let values = try await market.transact(
            Self.use,
            arguments: [
                RedisArgument(token.grant), RedisArgument(token.entitlement), RedisArgument(token.file),
                RedisArgument(token.epoch), RedisArgument(token.expiresAt.milliseconds), RedisArgument(mode),
                RedisArgument(settings.reissueWindow.milliseconds), clockOffset, RedisArgument(traceID ?? ""),
            ])
        guard values.count == 5, let seller = values[1].string, let left = values[4].int else {
            throw ScriptReplyError(script: Self.use.name, reply: "\(values)")
        }
        let file = try JSONDecoder().decode(ProductFile.self, from: Data(values[0].bytes ?? []))
        return DownloadTicket(
            grantID: token.grant, entitlementID: token.entitlement, userID: values[2].string ?? "",
            productID: values[3].string ?? "", epoch: Int(token.epoch), file: file, bucket: Uploads.bucket,
            objectKey: "\(seller)/\(file.id)", etag: file.sha256, remaining: left, expiresAt: token.expiresAt)
    }

    private func read(_ reply: RESPValue) throws -> Entitlement {
        try Entitlement(reply: reply, publicURL: market.configuration.publicURL)
    }

    private func checked(_ id: String) throws -> RedisArgument {
        guard Identifier.isValid(id, .entitlement) else { throw MarketplaceError.notFound() }
        return RedisArgument(id)
    }
}
