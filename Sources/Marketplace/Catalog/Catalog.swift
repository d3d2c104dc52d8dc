import Foundation
import JobQueue
import RedisClient

/// Products and how they are found.
public struct Catalog: Sendable {
    let market: Marketplace

    var keys: Keys { market.keys }
    var offset: RedisArgument { RedisArgument(market.clock.offsetMilliseconds) }

    /// A published product by its id or slug.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`, also for drafts and withdrawn products.
    public func product(_ idOrSlug: String) async throws -> Product {
        guard (1...100).contains(idOrSlug.utf8.count),
            let product = try await products([idOrSlug])[0], product.status == .published
        else { throw Self.notFound }
        return product
    }

    /// Products by id or slug whatever their status, in the order asked for; `nil` where there is none.
    package func products(_ ids: [String]) async throws -> [Product?] {
        guard !ids.isEmpty else { return [] }
        let values = try await market.run(Scripts.get, arguments: ids.map { RedisArgument($0) }, retry: .safe)
        return try (values[0].array ?? []).map { try product(ScriptReply.record($0)) }
    }

    /// How many products are on sale in each category, in the configured order.
    public func categories() async throws -> [CategoryCount] {
        let categories = market.configuration.categories
        let values = try await market.run(
            Scripts.categories, arguments: categories.map { RedisArgument($0.slug) }, retry: .safe)
        return zip(categories, values[0].array ?? []).map { category, count in
            CategoryCount(slug: category.slug, name: category.name, count: count.int ?? 0)
        }
    }

    /// One page of published products.
    ///
    /// - Throws: ``MarketplaceError`` for a category that there is not, `cursor_invalid`, `limit_invalid`.
    public func search(_ query: ProductQuery) async throws -> Page<Product> {
        try Marketplace.checkLimit(query.limit)
        let asked = query.q.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } ?? ""
        let words = Array(SearchTerms.words(String(asked.prefix(200))).prefix(8))
        let sort = query.sort ?? (words.isEmpty ? .newest : .relevance)
        guard sort != .relevance || !words.isEmpty || !asked.isEmpty else {
            throw MarketplaceError.invalid(
                pointer: "/sort", code: "sort_needs_words", detail: "Relevance is an order for a search by words.")
        }
        let cursor = try query.cursor.map { try Cursor($0, tag: sort.rawValue, kind: .product) }
        guard let scopes = try await scopes(of: query), asked.isEmpty || !words.isEmpty else {
            return Page(data: [], nextCursor: nil)
        }
        let values = try await market.run(
            Scripts.search,
            arguments: [
                .init(sort.rawValue), .init(try Uploads.json(scopes)), .init(try Uploads.json(words)),
                // One letter begins too many words to be a wish.
                .init(words.last.map { $0.count > 1 } == true ? "1" : "0"),
                .init(query.priceMinimum.map(String.init) ?? ""), .init(query.priceMaximum.map(String.init) ?? ""),
                .init(cursor.map { Cursor.text($0.score) } ?? "0"), .init(cursor?.member ?? ""), .init(query.limit),
            ],
            retry: .safe)
        return try page(values, tag: sort.rawValue)
    }

    /// The sets that all must have the product; `nil` when nothing can match.
    private func scopes(of query: ProductQuery) async throws -> [String]? {
        var scopes: [String] = []
        if let category = query.category {
            guard market.configuration.categories.contains(where: { $0.slug == category }) else {
                throw MarketplaceError.invalid(
                    pointer: "/category", code: "category_unknown", detail: "There is no such category.")
            }
            scopes.append("c:\(category):")
        }
        if let tag = query.tag { scopes.append("t:\(ProductRules.tag(String(tag.prefix(100)))):") }
        if let seller = query.seller {
            var id = seller
            if !Identifier.isValid(seller, .user) {
                let reply = try await market.redis.send(
                    RedisCommand("HGET", RedisArgument(keys.sellers), RedisArgument(String(seller.prefix(100)))))
                guard let found = reply.string else { return nil }
                id = found
            }
            scopes.append("s:\(id):")
        }
        return scopes
    }

    func page(_ values: [RESPValue], tag: String) throws -> Page<Product> {
        let products = try (values[0].array ?? []).compactMap { try product(ScriptReply.record($0)) }
        let next = Cursor(tag: tag, score: values[1].double ?? 0, member: values[2].string ?? "")
        return Page(data: products, nextCursor: values[3].int == 1 ? next.encoded : nil)
    }

    func product(_ record: [String: String]) throws -> Product? {
        record.isEmpty ? nil : try Product(record: record, publicURL: market.configuration.publicURL)
    }

    static var notFound: MarketplaceError { .notFound("not_found", "There is no such product.") }

    enum Scripts {
        static let create = script("product.create", PackageResources.product_create_lua)
        static let update = script("product.update", PackageResources.product_update_lua)
        static let files = script("product.files", PackageResources.product_files_lua)
        static let cover = script("product.cover", PackageResources.product_cover_lua)
        static let publish = script("product.publish", PackageResources.product_publish_lua)
        static let delete = script("product.delete", PackageResources.product_delete_lua)
        static let get = script("product.get", PackageResources.product_get_lua, readsOnly: true)
        static let list = script("product.list", PackageResources.product_list_lua, readsOnly: true)
        static let search = script("search.products", PackageResources.search_products_lua, readsOnly: true)
        static let categories = script("search.categories", PackageResources.search_categories_lua, readsOnly: true)

        private static func script(_ name: String, _ body: [UInt8], readsOnly: Bool = false) -> DomainScript {
            DomainScript(
                name: name, fragments: [MarketFragments.keys, MarketFragments.pages, MarketFragments.products],
                body: ScriptSource.text(body), allowsOutOfMemory: readsOnly)
        }
    }
}
