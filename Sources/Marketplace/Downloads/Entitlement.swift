/// Where a right to a product stands.
public enum EntitlementStatus: String, Sendable, Codable {
    /// Downloads are served.
    case active
    /// Withheld for now.
    case suspended
    /// Withdrawn for good.
    case revoked
}

/// A buyer's lasting right to what one line of an order bought.
public struct Entitlement: Sendable {
    /// The downloads of a purchase.
    public struct Count: Sendable, Equatable, Encodable {
        /// How many there are.
        public let limit: Int
        /// How many were counted.
        public let used: Int
        /// How many are left.
        public let remaining: Int
    }

    /// `ent_…`.
    public let id: String
    /// Whose it is.
    public let userID: String
    /// The product's seller, who may revoke it.
    public let sellerID: String
    /// The order that bought it.
    public let orderID: String
    /// The line of the order.
    public let orderItemID: String
    /// The product as it is today.
    public let product: ProductSummary
    /// Where the right stands.
    public let status: EntitlementStatus
    /// Goes up with every revocation; tokens of an earlier one are void.
    public let epoch: Int
    /// The files as they were bought.
    public let files: [ProductFile]
    /// The downloads of this purchase.
    public let downloads: Count
    /// When it was bought.
    public let createdAt: Timestamp
    /// When it was revoked.
    public let revokedAt: Timestamp?
    /// Why it was revoked.
    public let revocationReason: String?
}

extension Entitlement: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, object, status, product, files, downloads
        case orderID = "order_id"
        case createdAt = "created_at"
        case revokedAt = "revoked_at"
        case revocationReason = "revocation_reason"
    }

    /// Writes the entitlement's representation.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode("entitlement", forKey: .object)
        try container.encode(status, forKey: .status)
        try container.encode(product, forKey: .product)
        try container.encode(orderID, forKey: .orderID)
        try container.encode(files, forKey: .files)
        try container.encode(downloads, forKey: .downloads)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(revokedAt, forKey: .revokedAt)
        try container.encode(revocationReason, forKey: .revocationReason)
    }
}
