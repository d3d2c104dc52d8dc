import Foundation
import JobQueue
import Marketplace
import RedisClient
import TestSupport
import Testing

@Suite struct CatalogSearchTests {
    /// All pages of a query; `between` runs after each page.
    func pages(
        _ bench: MarketBench, _ query: ProductQuery, between: () async throws -> Void = {}
    ) async throws -> [[Product]] {
        var query = query
        var pages: [[Product]] = []
        repeat {
            let page = try await bench.market.catalog.search(query)
            #expect(page.data.count <= query.limit)
            pages.append(page.data)
            query.cursor = page.nextCursor
            try await between()
        } while query.cursor != nil
        return pages
    }

    @Test func `pages in every order are complete, sorted and without repeats`() async throws {
        try await withMarket { bench in
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let file = try await bench.readyUpload(owner: seller.id)
            for index in 0..<23 {
                _ = try await bench.product(
                    seller: seller, title: "Volume \(index)", price: Int64(index % 4) * 100 + 100,
                    category: index.isMultiple(of: 2) ? "ebooks" : "audio", tags: index < 5 ? ["few"] : [],
                    upload: file.id)
            }
            for sort in ProductSort.allCases {
                let found = try await pages(
                    bench, ProductQuery(q: sort == .relevance ? "volume" : nil, sort: sort, limit: 5))
                #expect(found.map(\.count) == [5, 5, 5, 5, 3])
                let all = found.flatMap(\.self)
                #expect(Set(all.map(\.id)).count == 23)
                switch sort {
                case .newest: #expect(all.compactMap(\.publishedAt) == all.compactMap(\.publishedAt).sorted(by: >))
                case .priceAscending: #expect(all.map(\.price.amount) == all.map(\.price.amount).sorted())
                case .priceDescending: #expect(all.map(\.price.amount) == all.map(\.price.amount).sorted(by: >))
                case .bestSelling, .relevance: break
                }
            }
            let narrow = try await pages(
                bench,
                ProductQuery(category: "ebooks", priceMinimum: 100, priceMaximum: 200, sort: .priceAscending, limit: 4))
            #expect(narrow.flatMap(\.self).allSatisfy { $0.category == "ebooks" && $0.price.amount <= 200 })
            #expect(narrow.flatMap(\.self).count == 6)
            let tagged = try await pages(bench, ProductQuery(q: "vol", category: "audio", tag: "few", limit: 1))
            #expect(tagged.flatMap(\.self).map(\.title) == ["Volume 3", "Volume 1"])
        }
    }

    @Test func `pages stay stable while products come and go`() async throws {
        try await withMarket { bench in
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let file = try await bench.readyUpload(owner: seller.id)
            var first: [Product] = []
            for index in 0..<12 {
                bench.clock.advance(by: .seconds(1))
                first.append(try await bench.product(seller: seller, title: "Old \(index)", upload: file.id))
            }
            var added = 0
            let found = try await pages(bench, ProductQuery(sort: .newest, limit: 4)) {
                bench.clock.advance(by: .seconds(1))
                _ = try await bench.product(seller: seller, title: "New \(added)", upload: file.id)
                // The one that the cursor stands on goes away: 8, then 4.
                if added < 2 {
                    _ = try await bench.market.catalog.withdraw(first[8 - added * 4].id, seller: seller.id)
                }
                added += 1
            }
            #expect(found.flatMap(\.self).map(\.id) == first.reversed().map(\.id))
            // Cheaper ones come before the position and don't move it; dearer ones behind it are seen.
            let before = try await bench.market.catalog.search(ProductQuery(limit: 100)).data
            let priced = try await pages(bench, ProductQuery(sort: .priceAscending, limit: 4)) {
                _ = try await bench.product(seller: seller, title: "Cheap", price: 50, upload: file.id)
            }.flatMap(\.self).map(\.id)
            #expect(Set(priced).count == priced.count)
            #expect(Set(before.map(\.id)).isSubset(of: priced))
        }
    }

    @Test func `every word must occur, the last may be a beginning, and case and accents don't count`() async throws {
        try await withMarket { bench in
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let file = try await bench.readyUpload(owner: seller.id)
            let crème = try await bench.product(
                seller: seller, title: "Crème Brûlée", description: "sweet recipes", upload: file.id)
            let cream = try await bench.product(
                seller: seller, title: "Creamware", description: "pottery", tags: ["recipes"], upload: file.id)
            let kanji = try await bench.product(seller: seller, title: "日本語の本", upload: file.id)
            func ids(_ q: String) async throws -> Set<String> {
                Set(try await bench.market.catalog.search(ProductQuery(q: q)).data.map(\.id))
            }
            #expect(try await ids("creme brulee") == [crème.id])
            #expect(try await ids("BRÛLÉE crème") == [crème.id])
            #expect(try await ids("crea") == [cream.id])
            #expect(try await ids("cre") == [crème.id, cream.id])
            #expect(try await ids("recipes cre") == [crème.id, cream.id])
            #expect(try await ids("cre recipes") == [])
            #expect(try await ids("sweet recipes") == [crème.id])
            #expect(try await ids("sweet pottery") == [])
            #expect(try await ids("日本") == [kanji.id])
            #expect(try await ids("!!!") == [])
            #expect(try await ids("  ") == [crème.id, cream.id, kanji.id])
            // A title says more than a tag, a tag more than a description.
            let ranked = try await bench.market.catalog.search(ProductQuery(q: "recipes")).data.map(\.id)
            #expect(ranked == [cream.id, crème.id])
        }
    }

    @Test func `whatever is typed is a search and never a fault`() async throws {
        try await withMarket { bench in
            let seller = try await bench.account("s@example.org", groups: [.seller])
            _ = try await bench.product(seller: seller, title: "Something", tags: ["a:b", "*", "]["])
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<200 {
                let scalars = (0..<Int.random(in: 0...30, using: &generator)).compactMap { _ in
                    Unicode.Scalar(UInt32.random(in: 0...0x2FFF, using: &generator))
                }
                let text = String(String.UnicodeScalarView(scalars))
                _ = try await bench.market.catalog.search(ProductQuery(q: text, tag: text))
                _ = try await bench.market.catalog.search(ProductQuery(seller: text))
                _ = try await refusalOf { _ = try await bench.market.catalog.product(text) }
                let error = try await refusalOf {
                    _ = try await bench.market.catalog.search(ProductQuery(cursor: text))
                }
                #expect(error?.fields.map(\.code) == ["cursor_invalid"])
            }
            #expect(try await bench.market.catalog.search(ProductQuery(tag: "a:b")).data.count == 1)
        }
    }

    @Test func `queries that can't be meant are refused with a pointer`() async throws {
        try await withMarket { bench in
            let catalog = bench.market.catalog
            let newest = Data("newest|1|prd_00000000000000000000000000".utf8).base64EncodedString()
                .replacingOccurrences(of: "=", with: "")
            let cases: [(ProductQuery, String)] = [
                (ProductQuery(category: "nonsense"), "/category"), (ProductQuery(limit: 0), "/limit"),
                (ProductQuery(limit: 101), "/limit"), (ProductQuery(sort: .relevance), "/sort"),
                (ProductQuery(sort: .priceAscending, cursor: newest), "/cursor"),
            ]
            for (query, pointer) in cases {
                let error = try await refusalOf { _ = try await catalog.search(query) }
                #expect(error?.fields.first?.pointer == pointer)
            }
            #expect(try await catalog.search(ProductQuery(sort: .newest, cursor: newest)).data.isEmpty)
        }
    }
}
