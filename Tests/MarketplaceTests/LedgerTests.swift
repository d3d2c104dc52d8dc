import Foundation
@testable import Marketplace
import RedisClient
import TestSupport
import Testing

@Suite("The ledger")
struct LedgerTests {
    /// Two sellers, three orders, one of them with two lines.
    private func withBooks(_ body: (Shop, [Order], _ sellers: [String]) async throws -> Void) async throws {
        try await withShop({ $0.commerce.platformFeeBasisPoints = 1250 }) { shop in
            let sellers = [try await shop.addUser(), try await shop.addUser()]
            let user = try await shop.addUser()
            let first = try await shop.addProduct(seller: sellers[0], price: 999)
            let second = try await shop.addProduct(seller: sellers[1], price: 1)
            let third = try await shop.addProduct(seller: sellers[0], price: 12_345_678_901_234, currency: "EUR")
            let other = try await shop.addUser()
            let orders = [
                try await shop.purchase([first, second], user: user),
                try await shop.purchase([first], user: other),
                try await shop.purchase([third], user: user),
            ]
            try await body(shop, orders, sellers)
        }
    }

    @Test("Sales are booked in whole minor units: the fee rounds down per line, and all lines sum to zero")
    func sales() async throws {
        try await withBooks { shop, orders, sellers in
            let report = try await shop.market.ledger.verify()
            #expect(report.ok, "\(report.problems)")
            #expect(report.transactions == 3)
            #expect(report.paidOrders == 3)
            let dollars = try #require(report.currencies.first { $0.currency == "USD" })
            // 12.5 % of 999 is 124.875, of 1 it is 0.125.
            #expect(dollars.received == 1999)
            #expect(dollars.platform == 248)
            #expect(dollars.sellers == 1751)
            let euros = try #require(report.currencies.first { $0.currency == "EUR" })
            #expect(euros.received == 12_345_678_901_234)
            #expect(euros.platform == 1_543_209_862_654)
            #expect(euros.sum == 0)
            let sales = try await shop.market.orders.sales(seller: sellers[1], cursor: nil, limit: 10).data
            #expect(sales.map(\.price.amount) == [1])
            #expect(sales.map(\.fee.amount) == [0])
            #expect(sales.first?.orderID == orders[0].id)
            let large = try await shop.market.orders.sales(seller: sellers[0], cursor: nil, limit: 1).data
            #expect(large.first?.fee.amount == 1_543_209_862_654)
        }
    }

    @Test("An entry that was taken out is missed: its sale, and its part of the balances")
    func removed() async throws {
        try await withBooks { shop, orders, _ in
            let entry = try #require(try await shop.send("HGET", shop.key("ord:" + orders[1].id), "ledger").string)
            _ = try await shop.send("XDEL", shop.key("ledger"), entry)
            let report = try await shop.market.ledger.verify()
            #expect(!report.ok)
            #expect(report.problems.contains { $0.kind == "missing_sale" && $0.subject == orders[1].id })
            #expect(report.problems.contains { $0.kind == "balance_mismatch" && $0.subject == "provider|USD" })
        }
    }

    @Test("An entry that was put in is found, whether it balances or not")
    func added() async throws {
        try await withBooks { shop, orders, sellers in
            func add(_ amounts: [(String, Int)]) async throws {
                let lines = amounts.map { "{\"account\":\"\($0)\",\"amount\":\"\($1)\",\"what\":\"x\"}" }
                _ = try await shop.send(
                    "XADD", shop.key("ledger"), "*", "kind", "sale", "order", orders[0].id, "payment",
                    orders[0].payment.id, "intent", "", "currency", "USD", "at", "1", "lines",
                    "[" + lines.joined(separator: ",") + "]")
            }
            try await add([("provider", 1000), ("seller:" + sellers[1], -1000)])
            var report = try await shop.market.ledger.verify()
            #expect(report.problems.contains { $0.kind == "duplicate_sale" })
            #expect(report.problems.contains { $0.kind == "balance_mismatch" })
            #expect(!report.problems.contains { $0.kind == "unbalanced" })
            try await add([("seller:" + sellers[1], -5)])
            report = try await shop.market.ledger.verify()
            #expect(report.problems.contains { $0.kind == "unbalanced" })
            #expect(report.problems.contains { $0.kind == "currency_sum" && $0.subject == "USD" })
            _ = try await shop.send("XADD", shop.key("ledger"), "*", "kind", "sale", "lines", "what?")
            report = try await shop.market.ledger.verify()
            #expect(report.problems.contains { $0.kind == "unreadable" })
        }
    }

    @Test("A changed balance, order or payment is found")
    func changed() async throws {
        try await withBooks { shop, orders, sellers in
            _ = try await shop.send(
                "HINCRBY", shop.key("ledger:balances"), "seller:\(sellers[0])|USD", "-1")
            var report = try await shop.market.ledger.verify()
            #expect(report.problems.map(\.kind) == ["balance_mismatch"])
            _ = try await shop.send("HINCRBY", shop.key("ledger:balances"), "seller:\(sellers[0])|USD", "1")
            _ = try await shop.send("HSET", shop.key("ord:" + orders[0].id), "total", "1")
            _ = try await shop.send("HSET", shop.key("pay:" + orders[1].payment.id), "status", "processing")
            report = try await shop.market.ledger.verify()
            #expect(Set(report.problems.map(\.kind)) == ["order_mismatch", "payment_mismatch"])
        }
    }

    @Test("A long ledger is read in pages, to the last entry")
    func pages() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let seller = try await shop.addUser()
            for number in 0..<3 {
                _ = try await shop.purchase(
                    [try await shop.addProduct(seller: seller, price: Int64(100 + number))], user: user)
            }
            // The same entries over and over: many to read, and all but the first of each are one too many.
            let entries = try await shop.send("XRANGE", shop.key("ledger"), "-", "+").array ?? []
            for copy in 0..<1200 {
                let fields = (entries[copy % 3][1].array ?? []).compactMap(\.string)
                _ = try await shop.redis.send(
                    RedisCommand(
                        "XADD",
                        [RedisArgument(shop.key("ledger")), RedisArgument("*")] + fields.map { RedisArgument($0) }))
            }
            let report = try await shop.market.ledger.verify()
            #expect(report.transactions == 1203)
            #expect(report.problems.count == 100)
            #expect(report.problemCount >= 1200)
        }
    }
}
