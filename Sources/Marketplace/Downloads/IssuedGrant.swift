/// A link to one file, good for a while; nothing is counted before it is used.
public struct IssuedGrant: Sendable {
    /// The grant.
    public let grantID: String
    /// The signed token.
    public let token: String
    /// Where the file is.
    public let url: String
    /// When the link ends; a transfer that runs then goes on.
    public let expiresAt: Timestamp
    /// The file.
    public let file: ProductFile
    /// Downloads of the purchase that are left.
    public let remaining: Int
}

extension IssuedGrant: Encodable {
    private enum CodingKeys: String, CodingKey {
        case url, size, sha256, etag, filename, remaining
        case expiresAt = "expires_at"
    }

    /// Writes the grant's representation.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(url, forKey: .url)
        try container.encode(expiresAt, forKey: .expiresAt)
        try container.encode(file.size, forKey: .size)
        try container.encode(file.sha256, forKey: .sha256)
        try container.encode(file.sha256, forKey: .etag)
        try container.encode(file.filename, forKey: .filename)
        try container.encode(remaining, forKey: .remaining)
    }
}

/// What a genuine token allows: which object to send, and what to check while it is sent.
public struct DownloadTicket: Sendable {
    /// The grant.
    public let grantID: String
    /// The right behind it.
    public let entitlementID: String
    /// Whose right it is.
    public let userID: String
    /// The product.
    public let productID: String
    /// The entitlement's epoch that the token was made in.
    public let epoch: Int
    /// The file, with the name to send it under.
    public let file: ProductFile
    /// The bucket that holds it.
    public let bucket: String
    /// The object's key.
    public let objectKey: String
    /// A strong validator, without quotes: the content's SHA-256.
    public let etag: String
    /// Downloads of the purchase that are left.
    public let remaining: Int
    /// When the link ends.
    public let expiresAt: Timestamp
}
