import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
public import ObjectStore

/// The store that the server serves.
public typealias S3Store = BucketRulesStore & MultipartStore

/// What one request carries: the connection, for `100 Continue`.
struct S3Context: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        self.coreContext = CoreRequestContextStorage(source: source)
        self.channel = source.channel
    }
}

/// Answers S3's requests.
///
/// It is no router, because a key is every byte after the bucket: a router would take `//`, `..` and a trailing slash
/// for its own.
struct S3Responder: HTTPResponder {
    typealias Context = S3Context

    let store: any S3Store
    let authenticator: Authenticator
    let region: String
    let didWrite: @Sendable (ObjectInfo, AccessKey) async throws -> Void
    let logger: Logger

    func respond(to request: Request, context: S3Context) async throws -> Response {
        let id = OpaqueName.random().prefix(16).uppercased()
        let target = S3Target(request.head.path ?? "")
        var response: Response
        do {
            guard let target else {
                throw S3Error(.badRequest, "InvalidURI", "Couldn't parse the specified URI.")
            }
            response = try await answer(request, target, context)
        } catch {
            response = errorResponse(error, request, target, id: id)
        }
        response.headers.set("x-amz-request-id", id)
        if let target, let bucket = target.bucket, request.headers[.origin] != nil, request.method != .options {
            await addCORSHeaders(to: &response, request, bucket)
        }
        return response
    }

    private func answer(_ request: Request, _ target: S3Target, _ context: S3Context) async throws -> Response {
        if request.method == .options {
            return try await preflight(request, target)
        }
        let identity = try await authenticator.identify(request.head, target)
        let request = S3Request(request, context.channel, target, identity)
        guard target.bucket != nil else {
            guard request.request.method == .get else { throw Self.methodNotAllowed }
            return try await listBuckets(request)
        }
        return target.key == nil ? try await answerBucket(request) : try await answerObject(request)
    }

    static let methodNotAllowed = S3Error(
        .methodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    // MARK: Errors

    private func errorResponse(_ error: any Error, _ request: Request, _ target: S3Target?, id: String) -> Response {
        let failure: S3Error
        switch error {
        case let error as S3Error: failure = error
        case let error as ObjectStoreError: failure = S3Error(error)
        default: failure = S3Error(ObjectStoreError(.storage, "\(error)"))
        }
        if failure.status.kind == .serverError, failure.status != .notImplemented {
            logger.error(
                "an S3 request failed", metadata: ["error": "\(failure.cause ?? error)", "request": "\(id)"])
        }
        var headers = failure.headers
        // The rest of a large body is not worth its transfer.
        let length = request.headers[.contentLength].flatMap { Int64($0) } ?? (request.method == .put ? .max : 0)
        // And one who waits for leave to send it does not send it now: what follows would be taken for the body.
        if length > 64 << 10 || request.headers[.expect] != nil {
            headers[.connection] = "close"
        }
        guard request.method != .head else { return Response(status: failure.status, headers: headers) }
        var xml = XMLWriter()
        xml.element("Error") { xml in
            xml.element("Code", failure.code)
            xml.element("Message", failure.message)
            xml.element("Resource", target.map { "/" + [$0.bucket, $0.key].compactMap { $0 }.joined(separator: "/") })
            for detail in failure.details {
                xml.element(detail.name, detail.value)
            }
            xml.element("RequestId", id)
        }
        return Response.xml(xml.text, status: failure.status, headers: headers)
    }
}

extension Response {
    static func xml(_ text: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/xml"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
