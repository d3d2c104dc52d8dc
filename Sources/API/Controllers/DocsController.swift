import HTTPSupport
import HTTPTypes
import Hummingbird

/// The contract, and a page that shows it to people.
struct DocsController {
    private struct File: Sendable {
        var bytes: ByteBuffer
        var contentType: String
    }

    private static let contract = File(
        bytes: ByteBuffer(bytes: PackageResources.openapi_yaml), contentType: "application/yaml; charset=utf-8")
    private static let page = File(
        bytes: ByteBuffer(bytes: PackageResources.docs_html), contentType: "text/html; charset=utf-8")
    private static let parts = [
        "docs.js": File(
            bytes: ByteBuffer(bytes: PackageResources.docs_js), contentType: "text/javascript; charset=utf-8"),
        "docs.css": File(bytes: ByteBuffer(bytes: PackageResources.docs_css), contentType: "text/css; charset=utf-8"),
    ]

    func add(to router: some RouterMethods<APIContext>) {
        router.get("openapi.yaml") { request, _ in Self.answer(Self.contract, request) }
        router.get("docs") { request, _ in Self.answer(Self.page, request) }
        router.get("docs/{file}") { request, context in
            guard let part = Self.parts[try context.parameter("file")] else { throw Problem.notFound }
            return Self.answer(part, request)
        }
    }

    private static func answer(_ file: File, _ request: Request) -> Response {
        let tag = Fingerprint.of([String(buffer: file.bytes)]).prefix(24)
        let headers: HTTPFields = [
            .eTag: "\"\(tag)\"", .cacheControl: "no-cache", .contentType: file.contentType,
        ]
        guard EntityTag.noneMatchHolds(request.headers, tag: String(tag)) else {
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: file.bytes))
    }
}
