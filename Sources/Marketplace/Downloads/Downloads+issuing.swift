package import JobQueue
import RedisClient

/// What the fulfilment and link jobs need.
extension Downloads {
    /// The entitlements of an order's lines, in their order.
    package func entitlements(of order: Order) async throws -> [Entitlement] {
        var entitlements: [Entitlement] = []
        for id in order.items.compactMap(\.entitlementID) {
            entitlements.append(try await entitlement(id, user: order.userID))
        }
        return entitlements
    }

    /// The bucket and key of an entitlement's file.
    package func object(_ file: ProductFile, of entitlement: Entitlement) -> (bucket: String, key: String) {
        (Uploads.bucket, "\(entitlement.sellerID)/\(file.id)")
    }

    /// Signs links for all files of the entitlements; the effect stores the grants behind them, and must be staged.
    ///
    /// The links are signed before the grants exist, so that mail and grants are one step with the acknowledgement.
    package func issue(for entitlements: [Entitlement]) throws -> (links: [(Entitlement, IssuedGrant)], effect: Effect)
    {
        let expiry = Timestamp(
            milliseconds: market.clock.nowMilliseconds + market.configuration.commerce.mailLinkLifetime.milliseconds)
        var links: [(Entitlement, IssuedGrant)] = []
        var arguments: [RedisArgument] = []
        for entitlement in entitlements where entitlement.status == .active {
            for file in entitlement.files {
                let grant = market.newID(.grant)
                links.append(
                    (
                        entitlement,
                        try issued(
                            grant: grant, entitlement: entitlement.id, epoch: entitlement.epoch, expiresAt: expiry,
                            file: file, remaining: entitlement.downloads.remaining)
                    ))
                arguments += [
                    RedisArgument(grant), RedisArgument(entitlement.id), RedisArgument(file.id),
                    RedisArgument(entitlement.epoch), RedisArgument(expiry.milliseconds),
                ]
            }
        }
        return (links, Effect("grants.issue", arguments: arguments))
    }
}
