/// A product as carts and libraries show it.
public struct ProductSummary: Sendable, Equatable {
    /// `prd_…`.
    public let id: String
    /// The name in URLs; empty for a product that is gone.
    public let slug: String
    /// The title; empty for a product that is gone.
    public let title: String
    /// `draft`, `published` or `withdrawn`, and `deleted` for a product that is gone.
    public let status: String
    /// Its picture.
    public let cover: ProductCover?
    /// Who sells it; nil for a product that is gone.
    public let seller: SellerSummary?

    /// Describes a product from its record's fields; an empty seller or cover is none.
    init(
        id: String, slug: String, title: String, status: String, coverRecord: String, seller: SellerSummary,
        publicURL: String
    ) throws {
        self.id = id
        self.slug = slug
        self.title = title
        self.status = status
        cover = try ProductCover(record: coverRecord, publicURL: publicURL)
        self.seller = seller.id.isEmpty ? nil : seller
    }
}

extension ProductSummary: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, slug, title, status, cover, seller
    }

    /// Writes the summary; what there is none of is null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(slug, forKey: .slug)
        try container.encode(title, forKey: .title)
        try container.encode(status, forKey: .status)
        try container.encode(cover, forKey: .cover)
        try container.encode(seller, forKey: .seller)
    }
}
