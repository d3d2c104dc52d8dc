import Foundation
import RedisClient

extension Order {
    /// Reads what `orders.reply` (`Lua/order_lib.lua`) answers: the order's fields and its payment's.
    ///
    /// - Throws: ``MarketplaceError`` `not_found` for an empty reply.
    init(reply: RESPValue) throws {
        guard let parts = reply.array, parts.count == 2 else { throw MarketplaceError.notFound() }
        let record = try CommerceRecord("order", parts[0])
        let currency = try record.text("currency")
        let status: OrderStatus = try record.value("status")
        let id = try record.text("id")
        let lines = try JSONDecoder().decode([OrderLine].self, from: Data(try record.text("items").utf8))
        self.init(
            id: id,
            number: try record.integer("number"),
            userID: try record.text("user"),
            status: status,
            paymentStatus: try record.value("payment_status"),
            fulfilmentStatus: try record.value("fulfilment_status"),
            items: try lines.enumerated().map { index, line in
                guard let price = Int64(line.price) else { throw RecordError("order " + id, field: "items") }
                return OrderItem(
                    id: line.id, productID: line.product, title: line.title, slug: line.slug, sellerID: line.seller,
                    price: Money(amount: price, currency: currency),
                    entitlementID: status == .paid ? Order.entitlementID(order: id, line: index) : nil)
            },
            total: Money(amount: try record.integer("total"), currency: currency),
            payment: try Payment(record: CommerceRecord("payment", parts[1])),
            createdAt: try record.time("created"),
            paidAt: try record.optionalTime("paid"),
            fulfilledAt: try record.optionalTime("fulfilled"),
            canceledAt: try record.optionalTime("canceled"),
            expiresAt: try record.time("expires"),
            revision: try record.integer("rev")
        )
    }

    /// The entitlement of a line: the order's identifier with the line's index in its last two characters
    /// (`orders.line_id` in `Lua/order_lib.lua`).
    static func entitlementID(order: String, line: Int) -> String {
        let tail = [Identifier.alphabet[line / 32], Identifier.alphabet[line % 32]]
        return "ent_" + order.dropFirst(4).dropLast(2) + String(decoding: tail, as: UTF8.self)
    }
}

/// A line of an order as its record holds it; amounts are text, because Lua's JSON rounds large numbers.
struct OrderLine: Codable {
    var id: String
    var product: String
    var title: String
    var slug: String
    var seller: String
    var price: String
    var entitlement: String?
}
