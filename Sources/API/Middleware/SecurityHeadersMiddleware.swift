import HTTPTypes
import Hummingbird

/// What keeps a browser from doing more with an answer than it should; a route that set a field keeps it.
struct SecurityHeadersMiddleware: RouterMiddleware {
    /// For pages: the storefront and `/docs` need nothing from elsewhere and nothing inline.
    static let pagePolicy = """
        default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; worker-src 'self'; \
        connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'
        """

    /// For everything else: data, not documents.
    static let dataPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

    func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "no-referrer"
        if response.headers[.contentSecurityPolicy] == nil {
            let isPage = response.headers[.contentType]?.hasPrefix("text/html") ?? false
            response.headers[.contentSecurityPolicy] = isPage ? Self.pagePolicy : Self.dataPolicy
        }
        return response
    }
}
