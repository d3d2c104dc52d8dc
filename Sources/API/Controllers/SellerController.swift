import HTTPSupport
import HTTPTypes
import Hummingbird
import Marketplace

/// Products and sales of the signed-in seller.
struct SellerController {
    let environment: APIEnvironment

    private var catalog: Catalog { environment.marketplace.catalog }

    func add(to v1: RouterGroup<APIContext>) {
        let seller = v1.group("seller").add(middleware: environment.authentication(.group(.seller)))
        seller.post("products", use: create)
        seller.get("products", use: list)
        seller.get("products/{id}", use: product)
        seller.patch("products/{id}", use: update)
        seller.delete("products/{id}", use: delete)
        seller.put("products/{id}/files", use: setFiles)
        seller.put("products/{id}/cover", use: setCover)
        seller.post("products/{id}/publish", use: publish)
        seller.post("products/{id}/unpublish", use: unpublish)
        seller.get("orders", use: sales)
        seller.post("entitlements/{id}/revoke", use: revoke)
    }

    @Sendable private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await environment.json(NewProduct.self, request, context)
        let product = try await catalog.create(body, seller: context.user().id)
        return try .created(
            product, at: "/v1/seller/products/\(product.id)", headers: [.eTag: "\"\(product.entityTag)\""])
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let page = try PageRequest(request)
        let products = try await catalog.sellerProducts(
            seller: context.user().id, cursor: page.cursor, limit: page.limit)
        return try .page(products, for: request)
    }

    @Sendable private func product(_ request: Request, _ context: APIContext) async throws -> Response {
        let product = try await catalog.sellerProduct(context.parameter("id"), seller: context.user().id)
        return try .product(product, for: request)
    }

    @Sendable private func update(_ request: Request, _ context: APIContext) async throws -> Response {
        let id = try context.parameter("id")
        let seller = try context.user().id
        guard !request.headers[values: .ifMatch].isEmpty else {
            throw Problem(
                .preconditionRequired, "precondition_required",
                "Send If-Match with the product's ETag, so that nobody's change is overwritten unseen.")
        }
        let version = try await matchedVersion(request, id, seller)
        let patch = try await environment.json(ProductPatch.self, request, context)
        return try .product(
            try await catalog.update(id, patch, seller: seller, ifVersion: version), for: request)
    }

    /// The version that `If-Match` asks for; nil for `*`.
    private func matchedVersion(_ request: Request, _ id: String, _ seller: String) async throws -> Int64? {
        guard let tags = EntityTag.list(request.headers[values: .ifMatch]) else { return nil }
        let versions = tags.compactMap { Product.version(inTag: $0, product: id) }
        if versions.count == 1 { return versions.first }
        let current = try await catalog.sellerProduct(id, seller: seller).version
        guard versions.contains(Int64(current)) else {
            throw Problem(.preconditionFailed, "precondition_failed", "The product was changed since.")
        }
        return Int64(current)
    }

    @Sendable private func delete(_ request: Request, _ context: APIContext) async throws -> Response {
        try await catalog.delete(context.parameter("id"), seller: context.user().id)
        return Response(status: .noContent)
    }

    private struct Files: Decodable {
        var uploads: [String]

        enum CodingKeys: String, CodingKey {
            case uploads = "upload_ids"
        }
    }

    @Sendable private func setFiles(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await environment.json(Files.self, request, context)
        return try .product(
            try await catalog.setFiles(context.parameter("id"), uploads: body.uploads, seller: context.user().id),
            for: request)
    }

    private struct Cover: Decodable {
        var upload: String?

        enum CodingKeys: String, CodingKey {
            case upload = "upload_id"
        }
    }

    @Sendable private func setCover(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await environment.json(Cover.self, request, context)
        return try .product(
            try await catalog.setCover(context.parameter("id"), upload: body.upload, seller: context.user().id),
            for: request)
    }

    @Sendable private func publish(_ request: Request, _ context: APIContext) async throws -> Response {
        try .product(try await catalog.publish(context.parameter("id"), seller: context.user().id), for: request)
    }

    @Sendable private func unpublish(_ request: Request, _ context: APIContext) async throws -> Response {
        try .product(try await catalog.withdraw(context.parameter("id"), seller: context.user().id), for: request)
    }

    @Sendable private func sales(_ request: Request, _ context: APIContext) async throws -> Response {
        let page = try PageRequest(request)
        let sales = try await environment.marketplace.orders.sales(
            seller: context.user().id, cursor: page.cursor, limit: page.limit)
        return try .page(sales, for: request)
    }

    private struct Revocation: Decodable {
        var reason: String
    }

    @Sendable private func revoke(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await environment.json(Revocation.self, request, context)
        guard (1...500).contains(body.reason.count) else {
            throw Problem.invalid("/reason", "out_of_range", "From 1 to 500 characters.")
        }
        let user = try context.user()
        return try .json(
            try await environment.marketplace.downloads.revoke(
                context.parameter("id"), by: user.id, isAdmin: user.groups.contains(.admin), reason: body.reason))
    }
}
