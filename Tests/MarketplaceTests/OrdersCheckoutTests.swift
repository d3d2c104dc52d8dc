import Foundation
import JobQueue
@testable import Marketplace
import Payments
import RedisClient
import Testing

@Suite("Checkout")
struct OrdersCheckoutTests {
    @Test("what a suspended seller sells can't be checked out, nor paid for again in an order that is open")
    func suspendedSeller() async throws {
        try await withShop { shop in
            let (seller, user) = (try await shop.addUser(), try await shop.addUser())
            let product = try await shop.addProduct(seller: seller, price: 900)
            let order = try await shop.checkout([product], user: user)
            try await shop.market.orders.apply(shop.event(.paymentFailed, order))
            let cart = try await shop.cart([try await shop.addProduct(seller: seller, price: 500)])
            let payAgain = {
                _ = try await shop.market.orders.payAgain(
                    payment: order.payment.id, user: user, paymentMethod: "pm_ok", claim: nil)
            }
            _ = try await shop.market.accounts.suspend(seller, reason: "")
            #expect(await refusal(payAgain) == "product_unavailable")
            let checkout = await refusal {
                _ = try await shop.market.orders.checkout(
                    cart: cart.id, user: user, quote: cart.quote, paymentMethod: "pm_ok", claim: nil)
            }
            #expect(checkout == "product_unavailable")
            #expect(try await shop.market.orders.order(order.id).status == .open)
            _ = try await shop.market.accounts.resume(seller)
            #expect(await refusal(payAgain) == nil)
        }
    }

    @Test("Order, payment, charge job and expiry are one step, and the cart is marked")
    func together() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let seller = try await shop.addUser()
            let products = [
                try await shop.addProduct(seller: seller, price: 1000),
                try await shop.addProduct(seller: seller, price: 234),
            ]
            let cart = try await shop.cart(products)
            let order = try await shop.market.orders.checkout(
                cart: cart.id, user: user, quote: cart.quote, paymentMethod: "pm_ok", claim: nil)
            #expect(order.status == .processing)
            #expect(order.paymentStatus == .unpaid)
            #expect(order.fulfilmentStatus == .unfulfilled)
            #expect(order.total == Money(amount: 1234, currency: "USD"))
            #expect(order.items.map(\.productID) == products)
            #expect(order.items.map(\.price.amount) == [1000, 234])
            #expect(order.items.allSatisfy { $0.entitlementID == nil && Identifier.isValid($0.id, .orderItem) })
            #expect(order.payment.status == .processing)
            #expect(order.payment.number == 1)
            #expect(order.number > 1000)
            // One to charge now, one to expire later; nothing to fulfil.
            #expect(try await shop.jobs(on: "charges") == 2)
            #expect(try await shop.jobs(on: "fulfilment") == 0)
            #expect(try await shop.send("ZCARD", shop.key("q:charges:due")).int == 1)

            // The guest's cart is the buyer's now, so its id leads nobody else to the order.
            #expect(try await shop.market.carts.cart(cart.id, viewer: user).checkedOutOrder == order.id)
            #expect(await refusal { _ = try await shop.market.carts.cart(cart.id, viewer: nil) } == "not_found")
            #expect(
                await refusal {
                    _ = try await shop.market.carts.remove(product: products[0], from: cart.id, viewer: user)
                }
                    == "cart_checked_out")
        }
    }

    @Test("Two checkouts of one cart at once make one order")
    func oneOrder() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let cart = try await shop.cart([try await shop.addProduct(seller: try await shop.addUser(), price: 5)])
            let codes = await withTaskGroup(of: String?.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        await refusal {
                            _ = try await shop.market.orders.checkout(
                                cart: cart.id, user: user, quote: cart.quote, paymentMethod: "pm_ok", claim: nil)
                        }
                    }
                }
                return await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(codes.count { $0 == nil } == 1)
            #expect(codes.count { $0 == "cart_checked_out" } == 19)
            #expect(try await shop.market.orders.list(user: user, cursor: nil, limit: 10).data.count == 1)
            #expect(try await shop.jobs(on: "charges") == 2)
        }
    }

    @Test("What can't be bought as quoted is refused, and nothing of it stays behind")
    func refusals() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let seller = try await shop.addUser()
            let product = try await shop.addProduct(seller: seller, price: 800)
            func attempt(_ cart: Cart, quote: String? = nil, method: String? = "pm_ok", user: String) async -> String? {
                await refusal {
                    _ = try await shop.market.orders.checkout(
                        cart: cart.id, user: user, quote: quote ?? cart.quote, paymentMethod: method, claim: nil)
                }
            }
            let empty = try await shop.market.carts.create(owner: nil)
            #expect(await attempt(empty, user: user) == "cart_empty")
            let cart = try await shop.cart([product])
            #expect(await attempt(cart, quote: "q1_guess", user: user) == "quote_mismatch")
            #expect(await attempt(cart, method: nil, user: user) == "payment_method_required")
            _ = try await shop.send("HSET", shop.key("prd:" + product), "price", "801")
            #expect(await attempt(cart, user: user) == "quote_mismatch")
            _ = try await shop.send("HSET", shop.key("prd:" + product), "status", "withdrawn")
            #expect(await attempt(cart, user: user) == "product_unavailable")
            let others = try await shop.market.carts.create(owner: seller)
            #expect(await attempt(others, user: user) == "not_found")

            #expect(try await shop.market.orders.list(user: user, cursor: nil, limit: 10).data.isEmpty)
            #expect(try await shop.send("ZCARD", shop.key("orders")).int == 0)
            #expect(try await shop.jobs(on: "charges") == 0)
            #expect(try await shop.market.carts.cart(cart.id, viewer: nil).checkedOutOrder == nil)
        }
    }

    @Test("What is owned can't be bought again, unless it was revoked")
    func owned() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let seller = try await shop.addUser()
            let product = try await shop.addProduct(seller: seller, price: 800)
            let order = try await shop.purchase([product], user: user)
            let again = await refusal { _ = try await shop.checkout([product], user: user) }
            #expect(again == "already_owned")
            let entitlement = try #require(order.items.first?.entitlementID)
            _ = try await shop.market.downloads.revoke(entitlement, by: seller, isAdmin: false, reason: "test")
            #expect(await refusal { _ = try await shop.checkout([product], user: user) } == nil)
        }
    }

    @Test("Two windows with a cart each don't buy the same product twice")
    func twoWindows() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let product = try await shop.addProduct(seller: try await shop.addUser(), price: 800)
            let first = try await shop.checkout([product], user: user)
            #expect(await refusal { _ = try await shop.checkout([product], user: user) } == "purchase_in_progress")
            // Somebody else may; and the buyer himself once the first attempt is over.
            _ = try await shop.checkout([product], user: try await shop.addUser())
            try await shop.market.orders.apply(shop.event(.paymentFailed, first))
            let second = try await shop.checkout([product], user: user)
            func payAgain() async -> String? {
                await refusal {
                    _ = try await shop.market.orders.payAgain(
                        payment: first.payment.id, user: user, paymentMethod: "pm_ok", claim: nil)
                }
            }
            #expect(await payAgain() == "purchase_in_progress")
            try await shop.market.orders.apply(shop.event(.requiresAction, second))
            #expect(await payAgain() == "purchase_in_progress")
            try await shop.market.orders.apply(shop.event(.paymentFailed, second))
            #expect(await payAgain() == nil)
            try await shop.market.orders.apply(shop.event(.succeeded, first, number: 2))
            #expect(await refusal { _ = try await shop.checkout([product], user: user) } == "already_owned")
        }
    }

    @Test("An order over nothing is paid at once, without a card and without a line in the books")
    func free() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let product = try await shop.addProduct(seller: try await shop.addUser(), price: 0, files: 2)
            let order = try await shop.checkout([product], user: user, method: nil)
            #expect(order.status == .paid)
            #expect(order.paymentStatus == .paid)
            #expect(order.payment.status == .succeeded)
            #expect(try await shop.jobs(on: "charges") == 0)
            #expect(try await shop.jobs(on: "fulfilment") == 1)
            let entitlement = try #require(order.items.first?.entitlementID)
            let right = try await shop.market.downloads.entitlement(entitlement, user: user)
            #expect(right.files.count == 2)
            #expect(right.downloads.limit == 10)
            #expect(try await shop.send("XLEN", shop.key("ledger")).int == 0)
            #expect(try await shop.market.ledger.verify().ok)
            try await shop.withWorkers {
                _ = try await shop.eventually(order.id) { $0.fulfilmentStatus == .fulfilled }
            }
        }
    }

    @Test("Another user's order and payment are not there")
    func others() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let other = try await shop.addUser()
            let order = try await shop.checkout(
                [try await shop.addProduct(seller: other, price: 5)], user: user)
            let orders = shop.market.orders
            let payment = order.payment.id
            #expect(await refusal { _ = try await orders.order(order.id, user: other) } == "not_found")
            #expect(await refusal { _ = try await orders.payment(payment, user: other) } == "not_found")
            #expect(await refusal { _ = try await orders.cancel(payment: payment, user: other) } == "not_found")
            #expect(
                await refusal {
                    _ = try await orders.confirm(payment: payment, user: other, authentication: .succeed, claim: nil)
                } == "not_found")
            #expect(
                await refusal {
                    _ = try await orders.payAgain(payment: payment, user: other, paymentMethod: "pm_ok", claim: nil)
                } == "not_found")
            #expect(try await orders.payment(payment, user: user).id == order.id)
        }
    }

    @Test("Lists go from the newest to the oldest, page by page, and other lists' cursors are refused")
    func pages() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let seller = try await shop.addUser()
            var made: [String] = []
            for price in 1...5 {
                let product = try await shop.addProduct(seller: seller, price: Int64(price))
                made.append(try await shop.purchase([product], user: user).id)
            }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let page = try await shop.market.orders.list(user: user, cursor: cursor, limit: 2)
                seen += page.data.map(\.id)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seen == made.sorted().reversed())

            let sales = try await shop.market.orders.sales(seller: seller, cursor: nil, limit: 3)
            #expect(sales.data.map(\.orderID) == Array(made.sorted().reversed().prefix(3)))
            #expect(sales.hasMore)
            let library = try await shop.market.downloads.library(user: user, cursor: nil, limit: 100)
            #expect(library.data.map(\.orderID) == made.sorted().reversed())
            #expect(!library.hasMore)
            let foreign = sales.nextCursor
            #expect(
                await refusal { _ = try await shop.market.orders.list(user: user, cursor: foreign, limit: 2) }
                    == "validation_failed")
            #expect(
                await refusal { _ = try await shop.market.orders.list(user: user, cursor: "%%", limit: 2) }
                    == "validation_failed")
        }
    }

    @Test("An order is written as the contract has it, nulls included")
    func representation() async throws {
        try await withShop { shop in
            let user = try await shop.addUser()
            let order = try await shop.checkout(
                [try await shop.addProduct(seller: try await shop.addUser(), price: 5)], user: user)
            let json = try #require(
                try JSONSerialization.jsonObject(with: JSONEncoder().encode(order)) as? [String: Any])
            for key in [
                "id", "object", "number", "status", "payment_status", "fulfilment_status", "items", "total", "payment",
                "created_at", "paid_at", "fulfilled_at",
            ] {
                #expect(json[key] != nil, "\(key)")
            }
            #expect(json["paid_at"] is NSNull)
            let payment = try #require(json["payment"] as? [String: Any])
            #expect(payment["status"] as? String == "processing")
            #expect(payment["decline"] is NSNull)
            #expect(payment["next_action"] is NSNull)
            let item = try #require((json["items"] as? [[String: Any]])?.first)
            #expect(item["entitlement_id"] is NSNull)
            #expect(!String(describing: json).contains(user))
        }
    }
}
