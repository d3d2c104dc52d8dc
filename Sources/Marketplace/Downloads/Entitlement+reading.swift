import Foundation
import RedisClient

extension Entitlement {
    /// Reads what `entitlements.reply` (`Lua/ent_lib.lua`) answers: the entitlement's fields, then the product's slug,
    /// title, status and cover as they are today, and the seller's name and slug.
    ///
    /// - Throws: ``MarketplaceError`` `not_found` for an empty reply.
    init(reply: RESPValue, publicURL: String) throws {
        guard let parts = reply.array, parts.count == 7 else { throw MarketplaceError.notFound() }
        let record = try CommerceRecord("entitlement", parts[0])
        let today = parts.dropFirst().map { $0.string ?? "" }
        let seller = try record.text("seller")
        let limit: Int = try record.integer("limit")
        let used: Int = try record.integer("used")
        self.init(
            id: try record.text("id"),
            userID: try record.text("user"),
            sellerID: seller,
            orderID: try record.text("order"),
            orderItemID: try record.text("item"),
            product: try ProductSummary(
                id: try record.text("product"),
                slug: today[0].isEmpty ? try record.text("slug") : today[0],
                title: today[1].isEmpty ? try record.text("title") : today[1],
                status: today[2], coverRecord: today[3],
                seller: SellerSummary(id: seller, name: today[4], slug: today[5]), publicURL: publicURL),
            status: try record.value("status"),
            epoch: try record.integer("epoch"),
            files: try JSONDecoder().decode([ProductFile].self, from: Data(try record.text("files").utf8)),
            downloads: Count(limit: limit, used: used, remaining: max(0, limit - used)),
            createdAt: try record.time("created"),
            revokedAt: try record.optionalTime("revoked"),
            revocationReason: record.optional("reason")
        )
    }
}
