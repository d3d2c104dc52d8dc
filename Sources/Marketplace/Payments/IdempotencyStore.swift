import JobQueue
import RedisClient

/// The right to carry out one request under an idempotency key; it lapses after a minute.
///
/// Give it to the operation that changes state, which stores what it made in the same step and does nothing if the
/// claim was lost.
public struct IdempotencyClaim: Sendable, Equatable {
    let record: String
    let token: String
}

/// What is known of an idempotency key.
public enum IdempotencyOutcome: Sendable, Equatable {
    /// Nothing: carry the request out, then ``IdempotencyStore/finish(_:status:body:)`` or release it.
    case started(IdempotencyClaim)
    /// It was answered: answer the same, marked `Idempotency-Replayed: true`.
    case replay(status: Int, body: [UInt8])
    /// The change was made, its answer is not stored (a crash, or the first request still waits): answer with the
    /// resource as it is now, then finish.
    case resource(id: String, claim: IdempotencyClaim)
}

/// The records behind the `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header).
public struct IdempotencyStore: Sendable {
    let market: Marketplace

    /// The longest key that is taken, in bytes.
    public static let maximumKeyBytes = 255

    private static let begin = DomainScript(name: "idem_begin", body: PackageResources.idem_begin_lua)
    private static let finish = DomainScript(
        name: "idem_finish", body: PackageResources.idem_finish_lua, allowsOutOfMemory: true)
    private static let release = DomainScript(
        name: "idem_release", body: PackageResources.idem_release_lua, allowsOutOfMemory: true)

    /// Claims a key for a request, or says what became of it.
    ///
    /// - Parameters:
    ///   - account: Whose key it is.
    ///   - route: The method and the path's pattern: the same key on another route is another key.
    ///   - key: The client's text: 1 to 255 visible ASCII characters.
    ///   - fingerprint: A digest of the body.
    /// - Throws: ``MarketplaceError`` `idempotency_key_invalid`, `idempotency_key_reused` (another body) or
    ///   `request_in_flight`.
    public func begin(
        account: String, route: String, key: String, fingerprint: String
    ) async throws -> IdempotencyOutcome {
        guard (1...Self.maximumKeyBytes).contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw MarketplaceError(
                category: .invalid, code: "idempotency_key_invalid",
                detail: "An Idempotency-Key has 1 to 255 visible ASCII characters.")
        }
        let record = market.keys.idempotency(account: account, route: route, key: key)
        let claim = IdempotencyClaim(record: record, token: market.random.token(bytes: 12))
        let settings = market.configuration.commerce
        let values = try await market.transact(
            Self.begin, keys: [record],
            arguments: [
                RedisArgument(fingerprint), RedisArgument(claim.token),
                RedisArgument(settings.idempotencyClaim.milliseconds),
                RedisArgument(settings.idempotencyLifetime.milliseconds),
                RedisArgument(market.clock.offsetMilliseconds),
            ])
        switch values.first?.string {
        case "replay" where values.count == 3:
            return .replay(status: values[1].int ?? 200, body: values[2].bytes ?? [])
        case "resource" where values.count == 2:
            return .resource(id: values[1].string ?? "", claim: claim)
        default:
            return .started(claim)
        }
    }

    /// Stores the answer, which is replayed for a day.
    ///
    /// The first answer stays.
    public func finish(_ claim: IdempotencyClaim, status: Int, body: [UInt8]) async throws {
        _ = try await market.transact(
            Self.finish, keys: [claim.record],
            arguments: [RedisArgument(claim.token), RedisArgument(status), RedisArgument(body)])
    }

    /// Gives the key back after a refusal that changed nothing; a no-op once something was changed.
    public func release(_ claim: IdempotencyClaim) async throws {
        _ = try await market.transact(Self.release, keys: [claim.record], arguments: [RedisArgument(claim.token)])
    }
}

extension IdempotencyClaim? {
    /// What scripts take: the record's key and the claim's token, both empty without a claim.
    var arguments: [RedisArgument] {
        [RedisArgument(self?.record ?? ""), RedisArgument(self?.token ?? "")]
    }
}
