import Foundation
@testable import Marketplace
import Testing

@Suite("Carts")
struct CartTests {
    @Test("A guest's cart answers to whoever knows its id, a user's to its owner alone")
    func capability() async throws {
        try await withShop { shop in
            let owner = try await shop.addUser()
            let guest = try await shop.market.carts.create(owner: nil)
            let own = try await shop.market.carts.create(owner: owner)
            #expect(try await shop.market.carts.cart(guest.id, viewer: nil).id == guest.id)
            #expect(try await shop.market.carts.cart(guest.id, viewer: owner).id == guest.id)
            #expect(try await shop.market.carts.cart(own.id, viewer: owner).id == own.id)
            for viewer in [nil, try await shop.addUser()] {
                #expect(await refusal { _ = try await shop.market.carts.cart(own.id, viewer: viewer) } == "not_found")
                #expect(await refusal { try await shop.market.carts.delete(own.id, viewer: viewer) } == "not_found")
            }
            for id in ["crt_x", "ord_" + own.id.dropFirst(4), own.id + "}", ""] {
                #expect(await refusal { _ = try await shop.market.carts.cart(id, viewer: owner) } == "not_found")
            }
            try await shop.market.carts.delete(own.id, viewer: owner)
            #expect(await refusal { _ = try await shop.market.carts.cart(own.id, viewer: owner) } == "not_found")
        }
    }

    @Test("A price that moved is shown beside the old one, changes the quote, and is accepted by putting it in again")
    func movedPrice() async throws {
        try await withShop { shop in
            let seller = try await shop.addUser()
            let first = try await shop.addProduct(seller: seller, price: 1234)
            let second = try await shop.addProduct(seller: seller, price: 500)
            let cart = try await shop.cart([first, second])
            #expect(cart.total == Money(amount: 1734, currency: "USD"))
            #expect(cart.items.map(\.product.id) == [first, second])
            #expect(cart.items.allSatisfy { $0.previousPrice == nil && $0.available })
            #expect(cart.items.first?.product.seller?.id == seller)

            _ = try await shop.send("HSET", shop.key("prd:" + first), "price", "2000")
            let moved = try await shop.market.carts.cart(cart.id, viewer: nil)
            #expect(moved.quote != cart.quote)
            #expect(moved.total.amount == 2500)
            #expect(moved.items.first?.previousPrice == Money(amount: 1234, currency: "USD"))

            let accepted = try await shop.market.carts.put(product: first, in: cart.id, viewer: nil)
            #expect(accepted.items.first?.previousPrice == nil)
            #expect(accepted.items.map(\.product.id) == [first, second])
            #expect(accepted.quote == moved.quote)
        }
    }

    @Test("The quote depends on what is in the cart, not on the order or the cart")
    func quote() async throws {
        try await withShop { shop in
            let seller = try await shop.addUser()
            let first = try await shop.addProduct(seller: seller, price: 1)
            let second = try await shop.addProduct(seller: seller, price: 2)
            let one = try await shop.cart([first, second])
            let other = try await shop.cart([second, first])
            #expect(one.quote == other.quote)
            let less = try await shop.market.carts.remove(product: first, from: one.id, viewer: nil)
            #expect(less.quote != one.quote)
            let same = try await shop.market.carts.remove(product: first, from: one.id, viewer: nil)
            #expect(same.items == less.items)
            #expect(same.quote == less.quote)
        }
    }

    @Test("A withdrawn product stays visible and costs nothing, and none can be put in")
    func withdrawn() async throws {
        try await withShop { shop in
            let product = try await shop.addProduct(seller: try await shop.addUser(), price: 900)
            let cart = try await shop.cart([product])
            _ = try await shop.send("HSET", shop.key("prd:" + product), "status", "withdrawn")
            let seen = try await shop.market.carts.cart(cart.id, viewer: nil)
            #expect(seen.items.first?.available == false)
            #expect(seen.items.first?.product.status == "withdrawn")
            #expect(seen.total.amount == 0)
            let another = try await shop.market.carts.create(owner: nil)
            for id in [product, shop.market.newID(.product), "nonsense"] {
                #expect(
                    await refusal { _ = try await shop.market.carts.put(product: id, in: another.id, viewer: nil) }
                        == "product_unavailable")
            }
        }
    }

    @Test("A cart holds one currency and only so many items")
    func limits() async throws {
        try await withShop({ $0.commerce.cartItems = 2 }) { shop in
            let seller = try await shop.addUser()
            let dollars = try await shop.addProduct(seller: seller, price: 1)
            let euros = try await shop.addProduct(seller: seller, price: 1, currency: "EUR")
            let cart = try await shop.cart([dollars])
            #expect(
                await refusal { _ = try await shop.market.carts.put(product: euros, in: cart.id, viewer: nil) }
                    == "currency_mismatch")
            let more = try await shop.addProduct(seller: seller, price: 1)
            _ = try await shop.market.carts.put(product: more, in: cart.id, viewer: nil)
            let third = try await shop.addProduct(seller: seller, price: 1)
            #expect(
                await refusal { _ = try await shop.market.carts.put(product: third, in: cart.id, viewer: nil) }
                    == "cart_full")
            _ = try await shop.market.carts.put(product: more, in: cart.id, viewer: nil)
        }
    }

    @Test("A cart is written as the contract has it, nulls included")
    func representation() async throws {
        try await withShop { shop in
            let product = try await shop.addProduct(seller: try await shop.addUser(), price: 7)
            let data = try JSONEncoder().encode(try await shop.cart([product], owner: try await shop.addUser()))
            let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            #expect(
                Set(json.keys) == [
                    "id", "object", "items", "total", "currency", "quote", "created_at", "updated_at",
                    "checked_out_order",
                ])
            #expect(json["object"] as? String == "cart")
            #expect(json["checked_out_order"] is NSNull)
            let item = try #require((json["items"] as? [[String: Any]])?.first)
            #expect(item["previous_price"] is NSNull)
            let shown = try #require(item["product"] as? [String: Any])
            #expect(Set(shown.keys) == ["id", "slug", "title", "cover", "seller", "status"])
        }
    }
}
