public import JobQueue
import RedisClient

extension Marketplace {
    /// Carts of guests and users.
    public var carts: Carts { Carts(market: self) }
    /// Checkout, orders and their payments.
    public var orders: Orders { Orders(market: self) }
    /// Entitlements, grants and what happens when a link is used.
    public var downloads: Downloads { Downloads(market: self) }
    /// The books.
    public var ledger: Ledger { Ledger(market: self) }
    /// The records behind the `Idempotency-Key` header.
    public var idempotency: IdempotencyStore { IdempotencyStore(market: self) }

    /// The effects that the charge, fulfilment and link jobs stage; their workers register them.
    public static let commerceEffects: [EffectDefinition] = [
        EffectDefinition(
            name: "order.settle", fragments: [CommerceFragments.orders], body: PackageResources.order_settle_lua),
        EffectDefinition(
            name: "order.decline", fragments: [CommerceFragments.orders], body: PackageResources.order_decline_lua),
        EffectDefinition(
            name: "order.challenge", fragments: [CommerceFragments.orders], body: PackageResources.order_challenge_lua),
        EffectDefinition(
            name: "order.expire", fragments: [CommerceFragments.orders], body: PackageResources.order_expire_lua),
        EffectDefinition(
            name: "order.fulfil", fragments: [CommerceFragments.orders], body: PackageResources.order_fulfil_lua),
        EffectDefinition(
            name: "order.mailed", fragments: [CommerceFragments.orders], body: PackageResources.order_mailed_lua),
        EffectDefinition(
            name: "payment.refunded", fragments: [CommerceFragments.orders], body: PackageResources.pay_refunded_lua),
        EffectDefinition(
            name: "grants.issue", fragments: [CommerceFragments.keys], body: PackageResources.grant_issue_lua),
    ]

    /// Runs a script of the money side; its refusals come with a sentence for people.
    ///
    /// All of these scripts may be sent again after an unknown outcome: what they create has the caller's identifiers.
    func transact(
        _ script: DomainScript,
        keys: [String] = [],
        arguments: [RedisArgument] = [],
        jobs: [PreparedJob] = []
    ) async throws -> [RESPValue] {
        do {
            return try await run(script, keys: keys, arguments: arguments, jobs: jobs, retry: .safe)
        } catch let refusal as MarketplaceError {
            throw refusal.explained()
        }
    }
}
