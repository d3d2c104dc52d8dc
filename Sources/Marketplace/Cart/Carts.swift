import JobQueue
import RedisClient

/// Carts of guests and users.
///
/// A guest's cart answers to whoever knows its id, a user's cart to its owner alone; for anybody else there is none.
public struct Carts: Sendable {
    let market: Marketplace

    private static let create = script("cart_create", PackageResources.cart_create_lua)
    private static let get = script("cart_get", PackageResources.cart_get_lua)
    private static let put = script("cart_put", PackageResources.cart_put_lua)
    private static let remove = script("cart_remove", PackageResources.cart_remove_lua)
    private static let delete = script("cart_delete", PackageResources.cart_delete_lua)

    private static func script(_ name: String, _ body: [UInt8]) -> DomainScript {
        DomainScript(name: name, fragments: [CommerceFragments.carts], body: body)
    }

    private var lifetime: RedisArgument { RedisArgument(market.configuration.commerce.cartLifetime.milliseconds) }

    /// Makes an empty cart, for a user or, without an owner, for a guest.
    public func create(owner: String?) async throws -> Cart {
        try await run(Self.create, [RedisArgument(market.newID(.cart)), RedisArgument(owner ?? ""), lifetime])
    }

    /// Reads a cart at today's prices.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`.
    public func cart(_ id: String, viewer: String?) async throws -> Cart {
        try await run(Self.get, [try checked(id), RedisArgument(viewer ?? "")])
    }

    /// Deletes a cart; an order made of it stays.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`.
    public func delete(_ id: String, viewer: String?) async throws {
        _ = try await market.transact(Self.delete, arguments: [try checked(id), RedisArgument(viewer ?? "")])
    }

    /// Puts a product in at today's price; a product that is in already takes today's price.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`, `product_unavailable`, `currency_mismatch`, `cart_full` or
    ///   `cart_checked_out`.
    public func put(product: String, in cart: String, viewer: String?) async throws -> Cart {
        guard Identifier.isValid(product, .product) else {
            throw MarketplaceError.refused("product_unavailable", product).explained()
        }
        return try await run(
            Self.put,
            [
                try checked(cart), RedisArgument(viewer ?? ""), RedisArgument(product), lifetime,
                RedisArgument(market.configuration.commerce.cartItems),
            ])
    }

    /// Takes a product out; one that is not in is no error.
    ///
    /// - Throws: ``MarketplaceError`` `not_found` or `cart_checked_out`.
    public func remove(product: String, from cart: String, viewer: String?) async throws -> Cart {
        try await run(
            Self.remove, [try checked(cart), RedisArgument(viewer ?? ""), RedisArgument(product), lifetime])
    }

    private func run(_ script: DomainScript, _ arguments: [RedisArgument]) async throws -> Cart {
        let values = try await market.transact(script, arguments: arguments)
        return try Cart(
            reply: values, currency: market.configuration.currency, publicURL: market.configuration.publicURL)
    }

    private func checked(_ id: String) throws -> RedisArgument {
        guard Identifier.isValid(id, .cart) else { throw MarketplaceError.notFound() }
        return RedisArgument(id)
    }
}
