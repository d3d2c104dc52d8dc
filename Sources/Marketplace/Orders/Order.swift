/// A purchase: what is bought, its payment and its delivery.
public struct Order: Sendable, Equatable {
    /// `ord_…`.
    public let id: String
    /// The number for people.
    public let number: Int
    /// The buyer.
    public let userID: String
    /// Where the order stands.
    public let status: OrderStatus
    /// Where its money stands.
    public let paymentStatus: OrderPaymentStatus
    /// Where its delivery stands.
    public let fulfilmentStatus: FulfilmentStatus
    /// What is bought, at the prices of the checkout.
    public let items: [OrderItem]
    /// The sum.
    public let total: Money
    /// Its payment.
    public let payment: Payment
    /// When it was made.
    public let createdAt: Timestamp
    /// When it was paid.
    public let paidAt: Timestamp?
    /// When it was fulfilled.
    public let fulfilledAt: Timestamp?
    /// When it was canceled or expired.
    public let canceledAt: Timestamp?
    /// When it expires unless it is paid.
    public let expiresAt: Timestamp
    /// Goes up with every change.
    public let revision: Int

    /// Whether no charge is under way: it is paid, or waits for the buyer, or has ended.
    public var isDecided: Bool { status != .processing }

    /// Whether nothing will change by itself any more.
    public var isFinal: Bool {
        status == .canceled || status == .expired || fulfilmentStatus == .fulfilled
    }
}

/// One line of an order.
public struct OrderItem: Sendable, Equatable {
    /// `oit_…`.
    public let id: String
    /// The product.
    public let productID: String
    /// The product's title at the checkout.
    public let title: String
    /// The product's slug at the checkout.
    public let slug: String
    /// Who sells it.
    public let sellerID: String
    /// The price at the checkout.
    public let price: Money
    /// The buyer's right to it, once the order is paid.
    public let entitlementID: String?
}

extension Order: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, object, number, status, items, total, payment, revision
        case paymentStatus = "payment_status"
        case fulfilmentStatus = "fulfilment_status"
        case createdAt = "created_at"
        case paidAt = "paid_at"
        case fulfilledAt = "fulfilled_at"
        case canceledAt = "canceled_at"
        case expiresAt = "expires_at"
    }

    /// Writes the order's representation; the buyer's id stays inside.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode("order", forKey: .object)
        try container.encode(number, forKey: .number)
        try container.encode(status, forKey: .status)
        try container.encode(paymentStatus, forKey: .paymentStatus)
        try container.encode(fulfilmentStatus, forKey: .fulfilmentStatus)
        try container.encode(items, forKey: .items)
        try container.encode(total, forKey: .total)
        try container.encode(payment, forKey: .payment)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(paidAt, forKey: .paidAt)
        try container.encode(fulfilledAt, forKey: .fulfilledAt)
        try container.encode(canceledAt, forKey: .canceledAt)
        try container.encode(expiresAt, forKey: .expiresAt)
        try container.encode(revision, forKey: .revision)
    }
}

extension OrderItem: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, title, slug, price
        case productID = "product_id"
        case entitlementID = "entitlement_id"
    }

    /// Writes the line's representation.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(productID, forKey: .productID)
        try container.encode(title, forKey: .title)
        try container.encode(slug, forKey: .slug)
        try container.encode(price, forKey: .price)
        try container.encode(entitlementID, forKey: .entitlementID)
    }
}
