/// The orders that products can be listed in.
public enum ProductSort: String, Sendable, CaseIterable {
    /// By the first publication, the latest first.
    case newest
    /// The cheapest first.
    case priceAscending = "price_asc"
    /// The dearest first.
    case priceDescending = "price_desc"
    /// The most sold first.
    case bestSelling = "best_selling"
    /// By how well the words match; with words only, and then the default.
    case relevance
}

/// Which published products are asked for; what is `nil` does not narrow it.
public struct ProductQuery: Sendable {
    /// Words that all must occur; the last may be the beginning of one.
    public var q: String?
    /// The slug of a category.
    public var category: String?
    /// A tag.
    public var tag: String?
    /// The id or the slug of a seller.
    public var seller: String?
    /// The lowest price in minor units.
    public var priceMinimum: Int64?
    /// The highest price in minor units.
    public var priceMaximum: Int64?
    /// The order; by relevance with words, else the newest first.
    public var sort: ProductSort?
    /// ``Page/nextCursor`` of the page before, with all else the same.
    public var cursor: String?
    /// Products at most, 1 to 100.
    ///
    /// A page that many products had to be passed over for may have fewer and still go on.
    public var limit: Int

    /// Asks for products.
    public init(
        q: String? = nil, category: String? = nil, tag: String? = nil, seller: String? = nil,
        priceMinimum: Int64? = nil, priceMaximum: Int64? = nil, sort: ProductSort? = nil, cursor: String? = nil,
        limit: Int = 20
    ) {
        self.q = q
        self.category = category
        self.tag = tag
        self.seller = seller
        self.priceMinimum = priceMinimum
        self.priceMaximum = priceMaximum
        self.sort = sort
        self.cursor = cursor
        self.limit = limit
    }
}

/// A category and how many products are on sale in it.
public struct CategoryCount: Codable, Sendable, Equatable {
    /// The name in URLs.
    public var slug: String
    /// The name for people.
    public var name: String
    /// Published products.
    public var count: Int
}
