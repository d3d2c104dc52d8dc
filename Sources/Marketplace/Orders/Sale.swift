import Foundation
import RedisClient

/// One line of a paid order, as its seller sees it.
public struct Sale: Sendable, Equatable {
    /// The order.
    public let orderID: String
    /// The order's number for people.
    public let orderNumber: Int
    /// `oit_…`.
    public let itemID: String
    /// The product.
    public let productID: String
    /// The product's title at the checkout.
    public let title: String
    /// The product's slug at the checkout.
    public let slug: String
    /// What the buyer paid.
    public let price: Money
    /// The platform's share.
    public let fee: Money
    /// The seller's share.
    public let earning: Money
    /// The buyer's right, which the seller may revoke.
    public let entitlementID: String
    /// When it was paid.
    public let soldAt: Timestamp
}

extension Sale: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, object, order, number, product, price, fee, earning
        case entitlementID = "entitlement_id"
        case soldAt = "sold_at"
    }

    private enum ProductKeys: String, CodingKey {
        case id, title, slug
    }

    /// Writes the sale's representation.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(itemID, forKey: .id)
        try container.encode("order_item", forKey: .object)
        try container.encode(orderID, forKey: .order)
        try container.encode(orderNumber, forKey: .number)
        var product = container.nestedContainer(keyedBy: ProductKeys.self, forKey: .product)
        try product.encode(productID, forKey: .id)
        try product.encode(title, forKey: .title)
        try product.encode(slug, forKey: .slug)
        try container.encode(price, forKey: .price)
        try container.encode(fee, forKey: .fee)
        try container.encode(earning, forKey: .earning)
        try container.encode(entitlementID, forKey: .entitlementID)
        try container.encode(soldAt, forKey: .soldAt)
    }
}

extension Sale {
    /// Reads one record of `Lua/order_sales.lua`: order id, number, currency, fee in basis points, paid, item (JSON).
    init(record: RESPValue) throws {
        guard let parts = record.array, parts.count == 6, let number = parts[1].int, let basisPoints = parts[3].int,
            let paid = parts[4].int
        else {
            throw ScriptReplyError(script: "order_sales", reply: "\(record)")
        }
        let line = try JSONDecoder().decode(OrderLine.self, from: Data(parts[5].bytes ?? []))
        let currency = parts[2].string ?? ""
        guard let price = Int64(line.price) else { throw RecordError("sale " + line.id, field: "price") }
        // The same rounding as in the ledger: down, per line.
        let fee = price * Int64(basisPoints) / 10_000
        self.init(
            orderID: parts[0].string ?? "", orderNumber: number, itemID: line.id, productID: line.product,
            title: line.title, slug: line.slug,
            price: Money(amount: price, currency: currency),
            fee: Money(amount: fee, currency: currency),
            earning: Money(amount: price - fee, currency: currency),
            entitlementID: line.entitlement ?? "",
            soldAt: Timestamp(milliseconds: Int64(paid))
        )
    }
}
