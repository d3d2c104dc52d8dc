import HTTPTypes
import Hummingbird
import Marketplace

/// Carts, up to the checkout.
struct CartController {
    let environment: APIEnvironment

    private var carts: Carts { environment.marketplace.carts }

    func add(to v1: RouterGroup<APIContext>) {
        let group = v1.group("carts").add(middleware: environment.authentication(.optional))
        group.post(use: create)
        group.get("{id}", use: cart)
        group.delete("{id}", use: delete)
        group.put("{id}/items/{product}", use: put)
        group.delete("{id}/items/{product}", use: remove)
    }

    @Sendable private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let cart = try await carts.create(owner: context.viewer)
        return try .created(cart, at: "/v1/carts/\(cart.id)")
    }

    @Sendable private func cart(_ request: Request, _ context: APIContext) async throws -> Response {
        try .json(try await carts.cart(context.parameter("id"), viewer: context.viewer))
    }

    @Sendable private func delete(_ request: Request, _ context: APIContext) async throws -> Response {
        try await carts.delete(context.parameter("id"), viewer: context.viewer)
        return Response(status: .noContent)
    }

    @Sendable private func put(_ request: Request, _ context: APIContext) async throws -> Response {
        try .json(
            try await carts.put(
                product: context.parameter("product"), in: context.parameter("id"), viewer: context.viewer))
    }

    @Sendable private func remove(_ request: Request, _ context: APIContext) async throws -> Response {
        try .json(
            try await carts.remove(
                product: context.parameter("product"), from: context.parameter("id"), viewer: context.viewer))
    }
}
