import HTTPSupport
import HTTPTypes
import Hummingbird

/// Serves the storefront where no route matched: its files by name, its page for every deep link.
struct StorefrontMiddleware: RouterMiddleware {
    let site: StaticSite

    /// The first segments that are the API's: a wrong path there is a 404 that a program can read, never a page.
    private static let reserved: Set<Substring> = [
        "v1", "d", "o", "media", "health", "docs", "openapi.yaml", "metrics",
    ]

    func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound && context.endpointPath == "NotFound" {
            guard request.method == .get || request.method == .head, let answer = answer(to: request) else {
                throw error
            }
            context.coreContext.endpointPath.value = "/(storefront)"
            return answer
        }
    }

    private func answer(to request: Request) -> Response? {
        let path = request.uri.path
        if let file = site.files[path] {
            return Self.response(file, request)
        }
        let first = path.split(separator: "/", maxSplits: 1).first ?? ""
        // A script of an earlier build must not be answered with a page.
        guard !Self.reserved.contains(first), first != "assets" else { return nil }
        guard request.headers[values: .accept].joined(separator: ",").contains("text/html") || path == "/" else {
            return nil
        }
        return site.files["/index.html"].map { Self.response($0, request) }
    }

    private static func response(_ file: StaticSite.File, _ request: Request) -> Response {
        let (coding, bytes) = StaticSite.choose(file.forms, accepting: request.headers[.acceptEncoding])
        let tag = coding == "identity" ? file.tag : "\(file.tag)-\(coding)"
        var headers: HTTPFields = [
            .eTag: "\"\(tag)\"",
            .vary: "Accept-Encoding",
            .cacheControl: file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
            // On scripts too, as a worker takes its policy from its own answer, and on a 304, whose fields replace the
            // stored ones: any other policy there would lock the page up at its next visit.
            .contentSecurityPolicy: SecurityHeadersMiddleware.pagePolicy,
        ]
        guard EntityTag.noneMatchHolds(request.headers, tag: tag) else {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = file.contentType
        if coding != "identity" { headers[.contentEncoding] = coding }
        headers[.contentLength] = String(bytes.readableBytes)
        guard request.method != .head else { return Response(status: .ok, headers: headers) }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: bytes))
    }
}
