/// What a seller says of a new product.
public struct NewProduct: Codable, Sendable {
    /// 1 to 200 characters.
    public var title: String
    /// Plain text, up to 20,000 characters.
    public var description: String
    /// 0 for free, else at least 50 minor units, in the installation's currency.
    public var price: Money
    /// The slug of a category.
    public var category: String
    /// Up to 20.
    public var tags: [String]
    /// Downloads per purchase, 1 to 1,000; `nil` leaves it to the installation.
    public var downloadLimit: Int?

    private enum CodingKeys: String, CodingKey {
        case title, description, price, category, tags
        case downloadLimit = "download_limit"
    }

    /// Describes a product.
    public init(
        title: String, description: String = "", price: Money, category: String, tags: [String] = [],
        downloadLimit: Int? = nil
    ) {
        self.title = title
        self.description = description
        self.price = price
        self.category = category
        self.tags = tags
        self.downloadLimit = downloadLimit
    }

    /// Reads the request; `description` and `tags` are empty unless given.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        title = try container.decode(String.self, forKey: .title)
        description = try container.decodeIfPresent(String.self, forKey: .description) ?? ""
        price = try container.decode(Money.self, forKey: .price)
        category = try container.decode(String.self, forKey: .category)
        tags = try container.decodeIfPresent([String].self, forKey: .tags) ?? []
        downloadLimit = try container.decodeIfPresent(Int.self, forKey: .downloadLimit)
    }
}

/// What a seller changes of a product; what is `nil` stays as it is.
public struct ProductPatch: Codable, Sendable {
    /// The new title.
    public var title: String?
    /// The new description.
    public var description: String?
    /// The new price; orders and carts keep the one that they were shown until the buyer agrees.
    public var price: Money?
    /// The new category.
    public var category: String?
    /// The new tags, all of them.
    public var tags: [String]?
    /// The new limit; `.some(nil)` (`null`) leaves it to the installation again.
    public var downloadLimit: Int??

    private enum CodingKeys: String, CodingKey {
        case title, description, price, category, tags
        case downloadLimit = "download_limit"
    }

    /// Names the changes.
    public init(
        title: String? = nil, description: String? = nil, price: Money? = nil, category: String? = nil,
        tags: [String]? = nil, downloadLimit: Int?? = nil
    ) {
        self.title = title
        self.description = description
        self.price = price
        self.category = category
        self.tags = tags
        self.downloadLimit = downloadLimit
    }

    /// Reads a merge patch (RFC 7396): only `download_limit` may be `null`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        title = try container.decodeIfPresent(String.self, forKey: .title)
        description = try container.decodeIfPresent(String.self, forKey: .description)
        price = try container.decodeIfPresent(Money.self, forKey: .price)
        category = try container.decodeIfPresent(String.self, forKey: .category)
        tags = try container.decodeIfPresent([String].self, forKey: .tags)
        guard container.contains(.downloadLimit) else { return }
        downloadLimit = .some(try container.decodeIfPresent(Int.self, forKey: .downloadLimit))
    }

    func applied(to product: Product) -> NewProduct {
        NewProduct(
            title: title ?? product.title, description: description ?? product.description,
            price: price ?? product.price, category: category ?? product.category, tags: tags ?? product.tags,
            downloadLimit: downloadLimit ?? product.downloadLimit)
    }
}
