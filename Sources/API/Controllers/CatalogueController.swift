import HTTPSupport
import HTTPTypes
import Hummingbird
import Marketplace

/// What is for sale.
struct CatalogueController {
    let environment: APIEnvironment

    private var catalog: Catalog { environment.marketplace.catalog }

    func add(to v1: RouterGroup<APIContext>) {
        v1.get("products", use: list)
        v1.get("products/{id}", use: product)
        v1.get("categories", use: categories)
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let page = try PageRequest(request)
        var query = ProductQuery()
        query.q = request.query("q")
        query.category = request.query("category")
        query.tag = request.query("tag")
        query.seller = request.query("seller")
        query.cursor = page.cursor
        query.limit = page.limit
        if let name = request.query("sort") {
            guard let sort = ProductSort(rawValue: name) else {
                throw Problem.invalid(
                    "#query/sort", "unknown_value", "newest, price_asc, price_desc, best_selling or relevance.")
            }
            query.sort = sort
        }
        if let words = query.q, words.utf8.count > 800 {
            throw Problem.invalid("#query/q", "too_long", "At most 200 characters.")
        }
        return try .page(try await catalog.search(query), for: request)
    }

    @Sendable private func product(_ request: Request, _ context: APIContext) async throws -> Response {
        let product = try await catalog.product(context.parameter("id"))
        return try .product(product, for: request)
    }

    @Sendable private func categories(_ request: Request, _ context: APIContext) async throws -> Response {
        try .json(Page(data: try await catalog.categories(), nextCursor: nil))
    }
}

extension Response {
    /// A product with its entity tag, or 304.
    static func product(_ product: Product, for request: Request) throws -> Response {
        let tag = product.entityTag
        guard EntityTag.noneMatchHolds(request.headers, tag: tag) else {
            return Response(status: .notModified, headers: [.eTag: "\"\(tag)\"", .cacheControl: "private, no-cache"])
        }
        return try .json(product, headers: [.eTag: "\"\(tag)\"", .cacheControl: "private, no-cache"])
    }
}

extension Product {
    /// The version counts the seller's changes; sales change the representation without being one, so they stand in the
    /// tag too, but a sale does not make a seller's `If-Match` stale.
    var entityTag: String { "\(id)-\(version)-\(sales)" }

    /// The version that a tag was made of, nil if it is none of this product's.
    static func version(inTag tag: Substring, product id: String) -> Int64? {
        guard tag.hasPrefix("\""), tag.hasSuffix("\""), tag.count > 2 else { return nil }
        let parts = tag.dropFirst().dropLast().split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == id else { return nil }
        return Int64(parts[1])
    }
}
