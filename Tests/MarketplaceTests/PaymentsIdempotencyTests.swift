import Foundation
@testable import Marketplace
import RedisClient
import Testing

@Suite("Idempotency keys")
struct PaymentsIdempotencyTests {
    private func begin(_ shop: Shop, _ fingerprint: String = "f", key: String = "k") async throws -> IdempotencyOutcome
    {
        try await shop.market.idempotency.begin(
            account: "usr_1", route: "POST /checkout", key: key, fingerprint: fingerprint)
    }

    @Test("Of many requests with one key at once, one starts")
    func oneStarts() async throws {
        try await withShop { shop in
            let codes = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<20 { group.addTask { await refusal { _ = try await begin(shop) } } }
                return await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(codes.count { $0 == nil } == 1)
            #expect(codes.count { $0 == "request_in_flight" } == 19)
        }
    }

    @Test("Another body is refused, another account and route have keys of their own")
    func scope() async throws {
        try await withShop { shop in
            _ = try await begin(shop)
            #expect(await refusal { _ = try await begin(shop, "g") } == "idempotency_key_reused")
            for (account, route) in [("usr_2", "POST /checkout"), ("usr_1", "POST /confirm")] {
                let other = try await shop.market.idempotency.begin(
                    account: account, route: route, key: "k", fingerprint: "g")
                guard case .started = other else {
                    Issue.record("\(other)")
                    continue
                }
            }
            for key in ["", "a b", "ü", String(repeating: "x", count: 256)] {
                #expect(await refusal { _ = try await begin(shop, key: key) } == "idempotency_key_invalid")
            }
        }
    }

    @Test("An answer is replayed as it was, and the first one stays")
    func replay() async throws {
        try await withShop { shop in
            guard case .started(let claim) = try await begin(shop) else { throw CancellationError() }
            let body = Array("{\"ü\":1}".utf8) + [0, 255]
            try await shop.market.idempotency.finish(claim, status: 402, body: body)
            try await shop.market.idempotency.finish(claim, status: 500, body: [])
            #expect(try await begin(shop) == .replay(status: 402, body: body))
            // Once answered, it can't be given back.
            try await shop.market.idempotency.release(claim)
            #expect(try await begin(shop) == .replay(status: 402, body: body))
        }
    }

    @Test("A released key may be used again, with another body too")
    func release() async throws {
        try await withShop { shop in
            guard case .started(let claim) = try await begin(shop) else { throw CancellationError() }
            try await shop.market.idempotency.release(claim)
            guard case .started = try await begin(shop, "other body") else { throw CancellationError() }
        }
    }

    @Test("After a crash between the change and its answer, a retry finds the order and makes no other")
    func crash() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let cart = try await shop.cart([try await shop.addProduct(seller: try await shop.addUser(), price: 5)])
            guard case .started(let claim) = try await begin(shop) else { throw CancellationError() }
            let order = try await shop.market.orders.checkout(
                cart: cart.id, user: user, quote: cart.quote, paymentMethod: "pm_ok", claim: claim)
            guard case .resource(let id, let second) = try await begin(shop) else { throw CancellationError() }
            #expect(id == order.id)
            try await shop.market.idempotency.finish(second, status: 201, body: [1])
            #expect(try await begin(shop) == .replay(status: 201, body: [1]))
        }
    }

    @Test("A claim lapses after a minute; who lost it can't change anything any more")
    func lapse() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let cart = try await shop.cart([try await shop.addProduct(seller: try await shop.addUser(), price: 5)])
            guard case .started(let first) = try await begin(shop) else { throw CancellationError() }
            shop.time.pass(.seconds(59))
            #expect(await refusal { _ = try await begin(shop) } == "request_in_flight")
            shop.time.pass(.seconds(2))
            guard case .started(let second) = try await begin(shop) else { throw CancellationError() }
            func checkout(_ claim: IdempotencyClaim) async -> String? {
                await refusal {
                    _ = try await shop.market.orders.checkout(
                        cart: cart.id, user: user, quote: cart.quote, paymentMethod: "pm_ok", claim: claim)
                }
            }
            #expect(await checkout(first) == "request_in_flight")
            #expect(await checkout(second) == nil)
            #expect(try await shop.send("ZCARD", shop.key("orders")).int == 1)
        }
    }
}
