import Foundation

/// Whether a product is on sale.
public enum ProductStatus: String, Codable, Sendable {
    /// Not yet.
    case draft
    /// Now.
    case published
    /// Not any more; what was bought stays bought.
    case withdrawn
}

/// A seller as buyers see them.
public struct SellerSummary: Codable, Sendable, Equatable {
    /// `usr_…`.
    public var id: String
    /// The name for people.
    public var name: String
    /// The name in URLs.
    public var slug: String

    /// Describes a seller.
    public init(id: String, name: String, slug: String) {
        self.id = id
        self.name = name
        self.slug = slug
    }
}

/// One file that a product consists of.
public struct ProductFile: Codable, Sendable, Equatable {
    /// The id of the upload that it came from.
    public var id: String
    /// The name for people.
    public var filename: String
    /// Bytes.
    public var size: Int64
    /// What kind of file it is.
    public var kind: FileKind
    /// The SHA-256 of the content in hex.
    public var sha256: String
    /// The media type.
    public var contentType: String

    private enum CodingKeys: String, CodingKey {
        case id, filename, size, kind, sha256
        case contentType = "content_type"
    }

    /// Describes a file.
    public init(id: String, filename: String, size: Int64, kind: FileKind, sha256: String, contentType: String) {
        self.id = id
        self.filename = filename
        self.size = size
        self.kind = kind
        self.sha256 = sha256
        self.contentType = contentType
    }
}

/// A product's picture.
public struct ProductCover: Codable, Sendable, Equatable {
    /// The id of the upload that it came from.
    public var upload: String
    /// Its smaller variants.
    public var thumbnails: [Thumbnail]
    /// A tiny picture as a `data:` URL.
    @ExplicitNull public var placeholder: String?
    /// Pixels.
    public var width: Int
    /// Pixels.
    public var height: Int

    /// Describes a picture.
    public init(upload: String, thumbnails: [Thumbnail], placeholder: String?, width: Int, height: Int) {
        self.upload = upload
        self.thumbnails = thumbnails
        self.placeholder = placeholder
        self.width = width
        self.height = height
    }

    /// Reads a cover as product records hold it; `nil` for the empty text.
    package init?(record json: String, publicURL: String) throws {
        guard !json.isEmpty else { return nil }
        self = try JSONDecoder().decode(ProductCover.self, from: Data(json.utf8))
        thumbnails = thumbnails.map { $0.located(upload: upload, publicURL: publicURL) }
    }
}

/// A product of the catalog.
public struct Product: Encodable, Sendable, Equatable {
    /// `prd_…`.
    public var id: String
    /// The name in URLs; stays when the title changes.
    public var slug: String
    /// The title.
    public var title: String
    /// The description, plain text.
    public var description: String
    /// The price; 0 is free.
    public var price: Money
    /// The slug of its category.
    public var category: String
    /// Tags in lower case.
    public var tags: [String]
    /// Whether it is on sale.
    public var status: ProductStatus
    /// Who sells it.
    public var seller: SellerSummary
    /// What it consists of.
    public var files: [ProductFile]
    /// Its picture.
    @ExplicitNull public var cover: ProductCover?
    /// Downloads per purchase; `nil` leaves it to the installation.
    @ExplicitNull public var downloadLimit: Int?
    /// How often it was sold.
    public var sales: Int
    /// Counts the changes that its seller made; the condition of the next one.
    public var version: Int64
    /// When it was made.
    public var createdAt: Timestamp
    /// When its seller changed it last.
    public var updatedAt: Timestamp
    /// When it was first on sale.
    @ExplicitNull public var publishedAt: Timestamp?

    private enum CodingKeys: String, CodingKey {
        case id, object, slug, title, description, price, category, tags, status, seller, files, cover, sales, version
        case downloadLimit = "download_limit"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case publishedAt = "published_at"
    }

    /// Reads a product's record; `seller_name` and `seller_slug` are what `products.flat` adds to it.
    package init(record: [String: String], publicURL: String) throws {
        let id = record["id"] ?? "?"
        func text(_ name: String) throws -> String {
            guard let value = record[name] else { throw RecordError("prd:\(id)", field: name) }
            return value
        }
        func number(_ name: String) throws -> Int64 {
            guard let value = Int64(try text(name)) else { throw RecordError("prd:\(id)", field: name) }
            return value
        }
        guard let status = ProductStatus(rawValue: try text("status")) else {
            throw RecordError("prd:\(id)", field: "status")
        }
        self.id = id
        slug = try text("slug")
        title = try text("title")
        description = try text("description")
        price = Money(amount: try number("price"), currency: try text("currency"))
        category = try text("category")
        tags = try JSONDecoder().decode([String].self, from: Data(try text("tags").utf8))
        self.status = status
        seller = SellerSummary(
            id: try text("seller"), name: record["seller_name"] ?? "", slug: record["seller_slug"] ?? "")
        files = try JSONDecoder().decode([ProductFile].self, from: Data(try text("files").utf8))
        cover = try ProductCover(record: record["cover"] ?? "", publicURL: publicURL)
        downloadLimit = record["download_limit"].flatMap { Int($0) }
        sales = Int(try number("sales"))
        version = try number("version")
        createdAt = Timestamp(milliseconds: try number("created"))
        updatedAt = Timestamp(milliseconds: try number("updated"))
        publishedAt = record["published"].flatMap { Int64($0) }.map { Timestamp(milliseconds: $0) }
    }

    /// Writes the representation of the contract.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode("product", forKey: .object)
        try container.encode(slug, forKey: .slug)
        try container.encode(title, forKey: .title)
        try container.encode(description, forKey: .description)
        try container.encode(price, forKey: .price)
        try container.encode(category, forKey: .category)
        try container.encode(tags, forKey: .tags)
        try container.encode(status, forKey: .status)
        try container.encode(seller, forKey: .seller)
        try container.encode(files, forKey: .files)
        try container.encode(cover, forKey: .cover)
        try container.encode(downloadLimit, forKey: .downloadLimit)
        try container.encode(sales, forKey: .sales)
        try container.encode(version, forKey: .version)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(updatedAt, forKey: .updatedAt)
        try container.encode(publishedAt, forKey: .publishedAt)
    }
}
