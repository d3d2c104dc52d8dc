/// What somebody means to buy, at today's prices.
public struct Cart: Sendable, Equatable {
    /// `crt_…`; the id of a guest's cart is all it takes to use it.
    public let id: String
    /// The user whose cart it is; `nil` for a guest's.
    public let owner: String?
    /// The items, in the order in which they were put in.
    public let items: [CartItem]
    /// The sum of what is available, at today's prices.
    public let total: Money
    /// A hash over the items and their prices; checkout takes it to confirm them.
    public let quote: String
    /// When it was made.
    public let createdAt: Timestamp
    /// When it last changed.
    public let updatedAt: Timestamp
    /// The order that it became.
    public let checkedOutOrder: String?
}

/// One product in a cart.
public struct CartItem: Sendable, Equatable {
    /// The product as it is today.
    public let product: ProductSummary
    /// Today's price.
    public let price: Money
    /// The price at which it was put in, if that was another one.
    public let previousPrice: Money?
    /// Whether it can be bought.
    public let available: Bool
    /// When it was put in.
    public let addedAt: Timestamp
}

extension Cart: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, object, items, total, currency, quote
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case checkedOutOrder = "checked_out_order"
    }

    /// Writes the cart's representation; the owner stays inside.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode("cart", forKey: .object)
        try container.encode(items, forKey: .items)
        try container.encode(total, forKey: .total)
        try container.encode(total.currency, forKey: .currency)
        try container.encode(quote, forKey: .quote)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(updatedAt, forKey: .updatedAt)
        try container.encode(checkedOutOrder, forKey: .checkedOutOrder)
    }
}

extension CartItem: Encodable {
    private enum CodingKeys: String, CodingKey {
        case product, price, available
        case previousPrice = "previous_price"
        case addedAt = "added_at"
    }

    /// Writes the item's representation.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(product, forKey: .product)
        try container.encode(price, forKey: .price)
        try container.encode(available, forKey: .available)
        try container.encode(previousPrice, forKey: .previousPrice)
        try container.encode(addedAt, forKey: .addedAt)
    }
}
