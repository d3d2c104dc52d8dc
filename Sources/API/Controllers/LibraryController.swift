import HTTPTypes
import Hummingbird
import Marketplace

/// What was bought, and links to download it.
struct LibraryController {
    let environment: APIEnvironment

    private var downloads: Downloads { environment.marketplace.downloads }

    func add(to v1: RouterGroup<APIContext>) {
        let group = v1.group().add(middleware: environment.authentication(.session))
        group.get("library", use: library)
        group.get("entitlements/{id}", use: entitlement)
        group.post("entitlements/{id}/downloads", use: createDownload)
    }

    @Sendable private func library(_ request: Request, _ context: APIContext) async throws -> Response {
        let page = try PageRequest(request)
        return try .page(
            try await downloads.library(user: context.user().id, cursor: page.cursor, limit: page.limit), for: request)
    }

    @Sendable private func entitlement(_ request: Request, _ context: APIContext) async throws -> Response {
        try .json(try await downloads.entitlement(context.parameter("id"), user: context.user().id))
    }

    private struct NewDownload: Decodable {
        var file: String
        /// Seconds.
        var expiresIn: Int?

        enum CodingKeys: String, CodingKey {
            case file = "file_id"
            case expiresIn = "expires_in"
        }
    }

    @Sendable private func createDownload(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await environment.json(NewDownload.self, request, context)
        if let seconds = body.expiresIn, !(1...31_536_000).contains(seconds) {
            throw Problem.invalid("/expires_in", "out_of_range", "Seconds, at least 1.")
        }
        let grant = try await downloads.grant(
            entitlement: context.parameter("id"), file: body.file, user: context.user().id,
            expiresIn: body.expiresIn.map { .seconds($0) }, traceID: context.requestID)
        return try .json(grant, status: .created)
    }
}
