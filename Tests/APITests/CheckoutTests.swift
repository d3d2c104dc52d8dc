import Foundation
import Marketplace
import RedisClient
import Testing
import TestSupport

struct CheckoutTests {
    @Test("a good card pays: 201, an entitlement, a line in the seller's sales, and the cart is done")
    func paid() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let cart = try await installation.cart([product], as: buyer)
            #expect(cart["total"]["amount"].int == 900)
            let paid = try await installation.checkout(cart, as: buyer)
            #expect(paid.status == 201, "\(paid.text)")
            #expect(paid.json["status"].string == "paid")
            #expect(paid.header("preference-applied") == "wait=30")
            let order = try await installation.get(try #require(paid.header("location")), as: buyer).json
            #expect(order["payment_status"].string == "paid")
            let entitlement = try await installation.entitlement(order, as: buyer)
            #expect(entitlement["status"].string == "active")
            #expect(entitlement["product"]["id"].string == product)
            let library = try await installation.get("/v1/library", as: buyer).json["data"]
            #expect(library[0]["id"] == entitlement["id"])
            let sales = try await installation.get("/v1/seller/orders", as: seller).json["data"]
            #expect(sales[0]["price"]["amount"].int == 900)
            try await installation.checkout(cart, as: buyer).expectProblem(409, "cart_checked_out")
            let again = try await installation.cart([product], as: buyer)
            try await installation.checkout(again, as: buyer).expectProblem(409, "already_owned")
        }
    }

    @Test("a declined card is 402 with its reason and no entitlement; another card pays the same order")
    func declined() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let cart = try await installation.cart([product], as: buyer)
            let declined = try await installation.checkout(cart, as: buyer, card: "4000000000009995")
            declined.expectProblem(402, "card_declined")
            #expect(declined.json["decline_code"].string == "insufficient_funds")
            let payment = try #require(declined.json["payment"].string)
            #expect(try await installation.get("/v1/library", as: buyer).json["data"].array.isEmpty)

            let card = #"{"card":{"number":"4242 4242 4242 4242","exp_month":1,"exp_year":2033,"cvc":"999"}}"#
            let path = "/v1/payment-intents/\(payment)/confirm"
            let other = try await installation.signUp("eve")
            try await installation.post(path, card, as: other, headers: ["Idempotency-Key": "e"])
                .expectProblem(404, "not_found")
            let paid = try await installation.post(
                path, card, as: buyer, headers: ["Idempotency-Key": "k2", "Prefer": "wait=30"])
            #expect(paid.status == 201, "\(paid.text)")
            #expect(paid.json["id"] == declined.json["order"])
            #expect(paid.json["payment"]["number"].int == 2)
        }
    }

    @Test("a card that asks for confirmation is 202 and pays after it; a failed challenge is 402")
    func challenge() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let cart = try await installation.cart([product], as: buyer)
            let open = try await installation.checkout(cart, as: buyer, card: "4000002500003155")
            #expect(open.status == 202, "\(open.text)")
            #expect(open.json["payment"]["status"].string == "requires_action")
            #expect(open.json["payment"]["next_action"]["type"].string == "authenticate")
            let path = "/v1/payment-intents/\(open.json["payment"]["id"].string ?? "")/confirm"
            func confirm(_ body: String, _ key: String) async throws -> Answer {
                try await installation.post(
                    path, body, as: buyer, headers: ["Idempotency-Key": key, "Prefer": "wait=30"])
            }
            try await confirm(#"{"authentication":"maybe"}"#, "a").expectProblem(422, "validation_failed")
            try await confirm("{}", "b").expectProblem(422, "validation_failed")
            try await confirm(#"{"authentication":"fail"}"#, "c").expectProblem(402, "card_declined")
            let card = #"{"card":{"number":"4000002500003155","exp_month":1,"exp_year":2033,"cvc":"999"}}"#
            #expect(try await confirm(card, "d").status == 202)
            let paid = try await confirm(#"{"authentication":"succeed"}"#, "e")
            #expect(paid.status == 201, "\(paid.text)")
        }
    }

    @Test("the same key replays, with another body is 422, and is asked for")
    func idempotency() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let cart = try await installation.cart([product], as: buyer)
            let first = try await installation.checkout(cart, as: buyer, key: "one")
            #expect(first.status == 201)
            #expect(first.header("idempotency-replayed") == nil)
            let second = try await installation.checkout(cart, as: buyer, key: "one")
            #expect(second.status == 201)
            #expect(second.header("idempotency-replayed") == "true")
            #expect(second.body == first.body)
            try await installation.checkout(cart, as: buyer, card: "4000000000000002", key: "one")
                .expectProblem(422, "idempotency_key_reused")
            try await installation.checkout(cart, as: buyer, key: "one", quote: "other")
                .expectProblem(422, "idempotency_key_reused")
            let path = "/v1/carts/\(cart["id"].string ?? "")/checkout"
            try await installation.post(path, #"{"quote":"x"}"#, as: buyer)
                .expectProblem(400, "idempotency_key_required")
            #expect(
                try await installation.post(
                    path, #"{"quote":"x"}"#, as: buyer, headers: ["Idempotency-Key": "a b"]
                ).status == 422)
            // A refusal that changed nothing does not use the key up.
            let next = try await installation.product(as: seller, title: "Second")
            let other = try await installation.cart([next], as: buyer)
            try await installation.checkout(other, as: buyer, key: "two", quote: "moved")
                .expectProblem(409, "quote_mismatch")
            #expect(try await installation.checkout(other, as: buyer, key: "two").status == 201)
        }
    }

    @Test("of many checkouts of one cart at once exactly one orders")
    func atOnce() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let cart = try await installation.cart([product], as: buyer)
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for number in 0..<8 {
                    // Half of them share a key: those must all come to the same order.
                    let key = number < 4 ? "shared" : "own-\(number)"
                    group.addTask { try await installation.checkout(cart, as: buyer, key: key) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let orders = Set(answers.filter { $0.status < 300 }.compactMap { $0.json["id"].string })
            #expect(orders.count == 1)
            for answer in answers where answer.status >= 300 {
                #expect(answer.status == 409)
                #expect(["cart_checked_out", "request_in_flight"].contains(answer.code))
            }
            let list = try await installation.get("/v1/orders", as: buyer).json["data"].array
            #expect(list.count == 1)
        }
    }

    @Test(
        "Redis dies in the middle of a checkout: the same key, sent until it is answered, orders once and charges once")
    func redisDies() async throws {
        let durable = ["appendonly yes", "appendfsync always"]
        try await withInstallation(redisConfiguration: durable) { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let cart = try await installation.cart([product], as: buyer)
            async let interrupted = installation.checkout(cart, as: buyer, key: "once")
            installation.redis.kill()
            try await installation.redis.restart()
            var answer = try await interrupted
            for _ in 0..<400 where answer.status != 201 {
                #expect(answer.status == 202 || answer.status == 503 || answer.code == "request_in_flight")
                try await Task.sleep(for: .milliseconds(25))
                answer = try await installation.checkout(cart, as: buyer, key: "once")
            }
            #expect(answer.status == 201, "\(answer.text)")
            let orders = try await installation.get("/v1/orders", as: buyer).json["data"].array
            #expect(orders.count == 1)
            #expect(orders.first?["id"] == answer.json["id"])
            #expect(orders.first?["payment"]["number"].int == 1)
        }
    }

    @Test("a price that moved and a product that was withdrawn stop the checkout")
    func changedUnderneath() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let cart = try await installation.cart([product], as: buyer)
            let path = "/v1/seller/products/\(product)"
            let raised = try await installation.send(
                "PATCH", path, as: seller, headers: ["If-Match": "*"],
                json: #"{"price":{"amount":1500,"currency":"USD"}}"#)
            #expect(raised.status == 200)
            try await installation.checkout(cart, as: buyer).expectProblem(409, "quote_mismatch")
            let seen = try await installation.get("/v1/carts/\(cart["id"].string ?? "")", as: buyer).json
            #expect(seen["items"][0]["price"]["amount"].int == 1500)
            #expect(seen["items"][0]["previous_price"]["amount"].int == 900)
            #expect(seen["quote"] != cart["quote"])

            #expect(try await installation.post("\(path)/unpublish", as: seller).status == 200)
            let gone = try await installation.get("/v1/carts/\(cart["id"].string ?? "")", as: buyer).json
            #expect(gone["items"][0]["available"] == .bool(false))
            try await installation.checkout(gone, as: buyer).expectProblem(409, "product_unavailable")
            let fresh = try await installation.cart([], as: buyer)
            try await installation.send(
                "PUT", "/v1/carts/\(fresh["id"].string ?? "")/items/\(product)", as: buyer
            ).expectProblem(409, "product_unavailable")
            try await installation.checkout(fresh, as: buyer).expectProblem(409, "cart_empty")
        }
    }

    @Test("a free order needs no card, a priced one does")
    func free() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let free = try await installation.product(as: seller, title: "Gratis", price: 0)
            let cart = try await installation.cart([free], as: buyer)
            func checkout(_ cart: JSON, _ body: String) async throws -> Answer {
                try await installation.post(
                    "/v1/carts/\(cart["id"].string ?? "")/checkout", body, as: buyer,
                    headers: ["Idempotency-Key": UUID().uuidString, "Prefer": "wait=30"])
            }
            let answer = try await checkout(cart, #"{"quote":"\#(cart["quote"].string ?? "")"}"#)
            #expect(answer.status == 201, "\(answer.text)")
            let priced = try await installation.product(as: seller, title: "Priced")
            let second = try await installation.cart([priced], as: buyer)
            let refused = try await checkout(second, #"{"quote":"\#(second["quote"].string ?? "")"}"#)
            #expect(refused.status == 422, "\(refused.text)")
        }
    }

    @Test("card fields are checked, each with its pointer, and the number stays out of Redis")
    func cards() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let cart = try await installation.cart([product], as: buyer)
            func checkout(_ card: String) async throws -> Answer {
                try await installation.post(
                    "/v1/carts/\(cart["id"].string ?? "")/checkout",
                    #"{"quote":"\#(cart["quote"].string ?? "")","card":\#(card)}"#, as: buyer,
                    headers: ["Idempotency-Key": UUID().uuidString])
            }
            let cases = [
                (#"{"number":"42","exp_month":1,"exp_year":2033,"cvc":"123"}"#, "/card/number"),
                (#"{"number":"4242424242424241","exp_month":1,"exp_year":2033,"cvc":"123"}"#, "/card/number"),
                (#"{"number":"4242424242424242","exp_month":13,"exp_year":2033,"cvc":"123"}"#, "/card/exp_month"),
                (#"{"number":"4242424242424242","exp_month":1,"exp_year":33,"cvc":"123"}"#, "/card/exp_year"),
                (#"{"number":"4242424242424242","exp_month":1,"exp_year":2033,"cvc":"x"}"#, "/card/cvc"),
                (#"{"number":"4242424242424242","exp_month":1,"exp_year":2033}"#, "/card/cvc"),
            ]
            for (card, pointer) in cases {
                let answer = try await checkout(card)
                answer.expectProblem(422, "validation_failed")
                #expect(answer.json["errors"][0]["pointer"].string == pointer)
            }
            #expect(try await installation.checkout(cart, as: buyer).status == 201)
            let keys = try await installation.marketplace.redis.send(.init("KEYS", "*")).array ?? []
            for key in keys.compactMap(\.string) {
                let dump = try await installation.marketplace.redis.send(.init("DUMP", .init(key)))
                #expect(dump.string?.contains("4242424242424242") != true)
            }
        }
    }

    @Test("another buyer's cart, order and payment do not exist")
    func foreign() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let other = try await installation.signUp("eve")
            let product = try await installation.product(as: seller)
            let cart = try await installation.cart([product], as: buyer)
            let path = "/v1/carts/\(cart["id"].string ?? "")"
            try await installation.get(path, as: other).expectProblem(404, "not_found")
            try await installation.get(path).expectProblem(404, "not_found")
            try await installation.checkout(cart, as: other).expectProblem(404, "not_found")
            let order = try await installation.checkout(cart, as: buyer).json
            let id = order["id"].string ?? ""
            for path in [
                "/v1/orders/\(id)", "/v1/orders/\(id)/events",
                "/v1/entitlements/\(order["items"][0]["entitlement_id"].string ?? "")",
            ] {
                try await installation.get(path, as: other).expectProblem(404, "not_found")
                #expect(try await installation.get(path).status == 401)
            }
            try await installation.post("/v1/payment-intents/\(order["payment"]["id"].string ?? "")/cancel", as: other)
                .expectProblem(404, "not_found")
            // A guest's cart answers to whoever knows its id, and can be checked out after signing in.
            let guest = try await installation.cart([product], as: nil)
            #expect(try await installation.checkout(guest, as: other).status == 201)
        }
    }
}
