import Foundation
import JobQueue
import Marketplace
import RedisClient
import TestSupport
import Testing

@Suite struct CatalogTests {
    @Test func `a product is drafted, gets files and a cover, is published, found, withdrawn and gone`() async throws {
        try await withMarket { bench in
            let catalog = bench.market.catalog
            let seller = try await bench.account("s@example.org", name: "Paper Shop", groups: [.seller])
            let draft = try await catalog.create(
                NewProduct(
                    title: "  The Debian Policy ", description: "Rules.\r\nMany.",
                    price: Money(amount: 500, currency: "USD"), category: "ebooks",
                    tags: ["Debian", "policy", "DEBIAN"],
                    downloadLimit: 3),
                seller: seller.id)
            #expect(draft.title == "The Debian Policy" && draft.slug == "the-debian-policy" && draft.version == 1)
            #expect(draft.tags == ["debian", "policy"] && draft.downloadLimit == 3 && draft.status == .draft)
            #expect(draft.seller == SellerSummary(id: seller.id, name: "Paper Shop", slug: "paper-shop"))

            let empty = try await refusalOf { _ = try await catalog.publish(draft.id, seller: seller.id) }
            #expect(empty?.code == "product_has_no_files")
            let hidden = try await refusalOf { _ = try await catalog.product(draft.id) }
            #expect(hidden?.code == "not_found")

            let file = try await bench.readyUpload(owner: seller.id, filename: "policy.pdf")
            let picture = try await bench.readyUpload(owner: seller.id, filename: "cover.png", purpose: .cover)
            _ = try await catalog.setFiles(draft.id, uploads: [file.id], seller: seller.id)
            _ = try await catalog.setCover(draft.id, upload: picture.id, seller: seller.id)
            let product = try await catalog.publish(draft.id, seller: seller.id)
            #expect(product.status == .published && product.version == 4 && product.publishedAt != nil)
            #expect(product.files.map(\.filename) == ["policy.pdf"])
            #expect(
                product.cover?.thumbnails.first?.url == "http://127.0.0.1:8080/v1/media/\(picture.id)/160.webp")

            #expect(try await catalog.product(draft.id) == product)
            #expect(try await catalog.product("the-debian-policy") == product)
            #expect(try await catalog.search(ProductQuery(q: "polic")).data == [product])
            #expect(try await catalog.categories().first { $0.slug == "ebooks" }?.count == 1)
            // Publishing again is no change.
            #expect(try await catalog.publish(draft.id, seller: seller.id) == product)

            let withdrawn = try await catalog.withdraw(draft.id, seller: seller.id)
            #expect(withdrawn.status == .withdrawn && withdrawn.publishedAt == product.publishedAt)
            #expect(try await catalog.search(ProductQuery(q: "policy")).data.isEmpty)
            #expect(try await refusalOf { _ = try await catalog.product(draft.id) }?.code == "not_found")
            let kept = try await refusalOf { try await catalog.delete(draft.id, seller: seller.id) }
            #expect(kept?.code == "product_was_published")
            let used = try await refusalOf { try await bench.market.uploads.delete(id: file.id, owner: seller.id) }
            #expect(used?.code == "upload_in_use")
            // A withdrawn product can come back, at the date that it had.
            let back = try await catalog.publish(draft.id, seller: seller.id)
            #expect(back.status == .published && back.publishedAt == product.publishedAt)
        }
    }

    @Test func `an edit of an older version is refused, and of edits at once one wins`() async throws {
        try await withMarket { bench in
            let catalog = bench.market.catalog
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let draft = try await bench.product(seller: seller, title: "First")
            let edited = try await catalog.update(
                draft.id, ProductPatch(title: "Second"), seller: seller.id, ifVersion: draft.version)
            #expect(edited.version == draft.version + 1 && edited.slug == "first")
            let stale = try await refusalOf {
                _ = try await catalog.update(
                    draft.id, ProductPatch(title: "Third"), seller: seller.id, ifVersion: draft.version)
            }
            #expect(stale?.code == "precondition_failed" && stale?.category == .preconditionFailed)

            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        try await refusalOf {
                            _ = try await catalog.update(
                                draft.id, ProductPatch(title: "Edit \(index)"), seller: seller.id,
                                ifVersion: edited.version)
                        } == nil
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1)

            // Without a condition each change is made, on top of the others.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<4 {
                    group.addTask {
                        let patch =
                            index.isMultiple(of: 2)
                            ? ProductPatch(description: "about") : ProductPatch(tags: ["tag"])
                        _ = try await catalog.update(draft.id, patch, seller: seller.id)
                    }
                }
                try await group.waitForAll()
            }
            let last = try await catalog.product(draft.id)
            #expect(last.version == edited.version + 5 && last.description == "about" && last.tags == ["tag"])
        }
    }

    @Test func `publishing and withdrawing at once leaves the indexes as the record says`() async throws {
        try await withMarket { bench in
            let catalog = bench.market.catalog
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let product = try await bench.product(seller: seller, title: "Racing")
            for _ in 0..<5 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<6 {
                        group.addTask {
                            _ =
                                index.isMultiple(of: 2)
                                ? try await catalog.publish(product.id, seller: seller.id)
                                : try await catalog.withdraw(product.id, seller: seller.id)
                        }
                    }
                    try await group.waitForAll()
                }
                let status = try await catalog.sellerProduct(product.id, seller: seller.id).status
                let found = try await catalog.search(ProductQuery(q: "racing")).data.count
                let listed = try await catalog.search(ProductQuery()).data.count
                #expect(found == (status == .published ? 1 : 0) && listed == found)
            }
        }
    }

    @Test func `an edit moves a published product in every index, and a withdrawal leaves none of it`() async throws {
        try await withMarket { bench in
            let catalog = bench.market.catalog
            let seller = try await bench.account("s@example.org", name: "Shop", groups: [.seller])
            let product = try await bench.product(
                seller: seller, title: "Crimson Tide", description: "ocean", category: "ebooks", tags: ["sea"])
            _ = try await catalog.update(
                product.id,
                ProductPatch(
                    title: "Azure Sky", description: "clouds", price: Money(amount: 900, currency: "USD"),
                    category: "fonts", tags: ["air"]), seller: seller.id)
            for query in [
                ProductQuery(q: "crimson"), ProductQuery(q: "ocean"), ProductQuery(category: "ebooks"),
                ProductQuery(tag: "sea"), ProductQuery(priceMaximum: 500),
            ] {
                #expect(try await catalog.search(query).data.isEmpty)
            }
            for query in [
                ProductQuery(q: "azure"), ProductQuery(q: "CLOUDS"), ProductQuery(category: "fonts"),
                ProductQuery(tag: "Air"), ProductQuery(priceMinimum: 900), ProductQuery(seller: "shop"),
                ProductQuery(seller: seller.id),
            ] {
                #expect(try await catalog.search(query).data.map(\.id) == [product.id])
            }
            _ = try await catalog.withdraw(product.id, seller: seller.id)
            let keys = try await bench.redis.send(RedisCommand("KEYS", "*")).array?.compactMap(\.string) ?? []
            #expect(keys.filter { $0.contains(":cat:") || $0.contains(":idx:") || $0.hasSuffix(":indexed") } == [])
        }
    }

    @Test func `only the seller's own ready uploads make a product, and in use they stay`() async throws {
        try await withMarket { bench in
            let catalog = bench.market.catalog
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let draft = try await catalog.create(
                NewProduct(title: "A", price: Money(amount: 0, currency: "USD"), category: "other"), seller: seller.id)
            let own = try await bench.readyUpload(owner: seller.id)
            let cover = try await bench.readyUpload(owner: seller.id, purpose: .cover)
            let foreign = try await bench.readyUpload(owner: "usr_b")
            let raw = try await bench.market.uploads.create(
                NewUpload(filename: "a", size: 5, contentType: "text/plain"), owner: seller.id)
            let error = try await refusalOf {
                _ = try await catalog.setFiles(
                    draft.id, uploads: [own.id, foreign.id, raw.id, cover.id, "nonsense", own.id], seller: seller.id)
            }
            #expect(
                error?.fields.map { "\($0.pointer) \($0.code)" } == [
                    "/upload_ids/1 upload_unknown", "/upload_ids/2 upload_not_ready", "/upload_ids/3 upload_purpose",
                    "/upload_ids/4 upload_unknown", "/upload_ids/5 upload_repeated",
                ])
            _ = try await catalog.setFiles(draft.id, uploads: [own.id], seller: seller.id)
            let used = try await refusalOf { try await bench.market.uploads.delete(id: own.id, owner: seller.id) }
            #expect(used?.code == "upload_in_use")
            // Detached before it was ever on sale, it can go.
            _ = try await catalog.setFiles(draft.id, uploads: [], seller: seller.id)
            try await bench.market.uploads.delete(id: own.id, owner: seller.id)
            let bare = try await refusalOf {
                _ = try await catalog.setCover(draft.id, upload: raw.id, seller: seller.id)
            }
            #expect(bare?.fields.first?.pointer == "/upload_id")
            _ = try await catalog.setCover(draft.id, upload: cover.id, seller: seller.id)
            try await catalog.delete(draft.id, seller: seller.id)
            try await bench.market.uploads.delete(id: cover.id, owner: seller.id)
            #expect(try await catalog.sellerProducts(seller: seller.id).data.isEmpty)
        }
    }

    @Test func `another's product is one that does not exist`() async throws {
        try await withMarket { bench in
            let catalog = bench.market.catalog
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let product = try await bench.product(seller: seller, title: "Mine")
            let other = try await bench.account("o@example.org", groups: [.seller])
            for id in [product.id, "prd_nonsense", ""] {
                let answers = [
                    try await refusalOf { _ = try await catalog.sellerProduct(id, seller: other.id) },
                    try await refusalOf {
                        _ = try await catalog.update(id, ProductPatch(title: "x"), seller: other.id)
                    },
                    try await refusalOf { _ = try await catalog.setFiles(id, uploads: [], seller: other.id) },
                    try await refusalOf { _ = try await catalog.setCover(id, upload: nil, seller: other.id) },
                    try await refusalOf { _ = try await catalog.publish(id, seller: other.id) },
                    try await refusalOf { _ = try await catalog.withdraw(id, seller: other.id) },
                    try await refusalOf { try await catalog.delete(id, seller: other.id) },
                ]
                #expect(answers.allSatisfy { $0?.code == "not_found" })
            }
            #expect(try await catalog.product(product.id) == product)
        }
    }

    @Test func `everything wrong with a product is said at once`() async throws {
        try await withMarket { bench in
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let error = try await refusalOf {
                _ = try await bench.market.catalog.create(
                    NewProduct(
                        title: "a\u{7}b", description: "x\u{0}", price: Money(amount: 49, currency: "USD"),
                        category: "nonsense", tags: ["ok", ""], downloadLimit: 0), seller: seller.id)
            }
            #expect(
                error?.fields.map(\.pointer) == [
                    "/title", "/description", "/price/amount", "/category", "/tags/1", "/download_limit",
                ])
            for price in [
                Money(amount: -1, currency: "USD"), Money(amount: .max, currency: "USD"),
                Money(amount: 500, currency: "EUR"),
            ] {
                let error = try await refusalOf {
                    _ = try await bench.market.catalog.create(
                        NewProduct(title: "a", price: price, category: "other"), seller: seller.id)
                }
                #expect(error?.fields.count == 1)
            }
        }
    }

    @Test func `a sale counts, moves the product in the order by sales, and leaves its version alone`() async throws {
        try await withMarket { bench in
            let catalog = bench.market.catalog
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let file = try await bench.readyUpload(owner: seller.id)
            var products: [Product] = []
            for title in ["One", "Two", "Three"] {
                products.append(
                    try await bench.product(seller: seller, title: title, category: "fonts", upload: file.id))
            }
            // As the settlement of an order does it.
            let sale = DomainScript(
                name: "test.sale", fragments: [MarketFragments.products], body: "products.sold(A[1], 1) return ok()")
            for id in [products[1].id, products[1].id, products[0].id] {
                _ = try await bench.market.run(sale, arguments: [.init(id)])
            }
            let best = try await catalog.search(ProductQuery(category: "fonts", sort: .bestSelling)).data
            #expect(best.map(\.title) == ["Two", "One", "Three"] && best.map(\.sales) == [2, 1, 0])
            #expect(best[0].version == products[1].version)
            _ = try await catalog.withdraw(products[1].id, seller: seller.id)
            _ = try await bench.market.run(sale, arguments: [.init(products[1].id)])
            #expect(try await catalog.search(ProductQuery(sort: .bestSelling)).data.map(\.title) == ["One", "Three"])
            #expect(try await catalog.publish(products[1].id, seller: seller.id).sales == 3)
            #expect(try await catalog.search(ProductQuery(sort: .bestSelling)).data.first?.title == "Two")
        }
    }

    @Test func `a published product keeps at least one file`() async throws {
        try await withMarket { bench in
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let product = try await bench.product(seller: seller, title: "Full")
            let error = try await refusalOf {
                _ = try await bench.market.catalog.setFiles(product.id, uploads: [], seller: seller.id)
            }
            #expect(error?.code == "product_has_no_files")
        }
    }

    @Test func `a product encodes as the contract says`() async throws {
        try await withMarket { bench in
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let product = try await bench.product(seller: seller, title: "Shape")
            let json = try #require(
                try JSONSerialization.jsonObject(with: JSONEncoder().encode(product)) as? [String: Any])
            #expect(
                Set(json.keys) == [
                    "id", "object", "slug", "title", "description", "price", "category", "tags", "status", "seller",
                    "files", "cover", "download_limit", "sales", "version", "created_at", "updated_at", "published_at",
                ])
            #expect(json["cover"] is NSNull && json["object"] as? String == "product")
            let page = try #require(
                try JSONSerialization.jsonObject(with: JSONEncoder().encode(Page(data: [product], nextCursor: nil)))
                    as? [String: Any])
            #expect(page["object"] as? String == "list" && page["has_more"] as? Bool == false)
            #expect(page["next_cursor"] is NSNull)
        }
    }

    @Test func `a patch that names the limit as null takes it away`() throws {
        let none = try JSONDecoder().decode(ProductPatch.self, from: Data("{}".utf8))
        #expect(none.downloadLimit == nil)
        let null = try JSONDecoder().decode(ProductPatch.self, from: Data(#"{"download_limit":null}"#.utf8))
        #expect(null.downloadLimit == .some(nil))
        let three = try JSONDecoder().decode(ProductPatch.self, from: Data(#"{"download_limit":3}"#.utf8))
        #expect(three.downloadLimit == 3)
    }
}
