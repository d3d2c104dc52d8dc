import Foundation
import HTTPTypes
import Hummingbird
import Marketplace

extension Response {
    /// A JSON answer.
    ///
    /// Nothing that depends on who asks may be kept by a cache in between.
    static func json(
        _ value: some Encodable,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) throws -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        if headers[.cacheControl] == nil {
            headers[.cacheControl] = "no-store"
        }
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: try encode(value))))
    }

    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return Array(try encoder.encode(value))
    }

    /// A new resource (201) and where it is.
    static func created(_ value: some Encodable, at location: String, headers: HTTPFields = [:]) throws -> Response {
        var headers = headers
        headers[.location] = location
        return try json(value, status: .created, headers: headers)
    }

    /// A page, with a `Link` to the next (RFC 8288) that repeats the request's other parameters.
    static func page<Element: Encodable & Sendable>(_ page: Page<Element>, for request: Request) throws -> Response {
        var headers: HTTPFields = [:]
        if let cursor = page.nextCursor {
            let kept = (request.uri.query ?? "").split(separator: "&").filter { !$0.hasPrefix("cursor=") }
            let query = kept.map(String.init) + ["cursor=" + PercentEncoding.encode(cursor)]
            headers[.link] = "<\(request.uri.path)?\(query.joined(separator: "&"))>; rel=\"next\""
        }
        return try json(page, headers: headers)
    }
}

extension HTTPField.Name {
    static let accelBuffering = constant("X-Accel-Buffering")
    static let idempotencyKey = constant("Idempotency-Key")
    static let idempotencyReplayed = constant("Idempotency-Replayed")
    static let lastEventID = constant("Last-Event-ID")
    static let link = constant("Link")
    static let prefer = constant("Prefer")
    static let preferenceApplied = constant("Preference-Applied")
    static let referrerPolicy = constant("Referrer-Policy")
    static let requestID = constant("X-Request-Id")
    static let paymentSignature = constant("Payment-Signature")

    /// The names above are tokens as RFC 9110 wants them; the fallback is never taken.
    private static func constant(_ name: String) -> HTTPField.Name {
        HTTPField.Name(name) ?? .userAgent
    }
}

extension HTTPResponse.Status {
    /// 402 (RFC 9110 §15.5.3): the card was declined.
    static let paymentRequired = HTTPResponse.Status(code: 402, reasonPhrase: "Payment Required")
}
