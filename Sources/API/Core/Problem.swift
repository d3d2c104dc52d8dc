import Foundation
import HTTPTypes
import Hummingbird

/// An error as the client sees it: `application/problem+json` (RFC 9457).
struct Problem: Error, Sendable {
    /// A field at fault.
    struct Field: Encodable, Sendable, Equatable {
        /// A JSON pointer (RFC 6901) into the body, or `#query/<name>`, `#header/<name>`.
        var pointer: String
        var code: String
        var detail: String
    }

    var status: HTTPResponse.Status
    /// Stable: clients decide by it.
    var code: String
    /// For people; may change.
    var detail: String
    var errors: [Field] = []
    var headers: HTTPFields = [:]
    /// Further members of the document.
    var info: [String: String] = [:]
    /// Whether the rest of the request's body is not worth reading: the connection is closed after the answer.
    var closesConnection = false

    init(_ status: HTTPResponse.Status, _ code: String, _ detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }

    /// One field is at fault (422).
    static func invalid(_ pointer: String, _ code: String, _ detail: String) -> Problem {
        var problem = Problem(.unprocessableContent, "validation_failed", detail)
        problem.errors = [Field(pointer: pointer, code: code, detail: detail)]
        return problem
    }

    static let notFound = Problem(.notFound, "not_found", "There is nothing here, or it is not yours.")

    static var unauthenticated: Problem {
        var problem = Problem(.unauthorized, "unauthenticated", "Sign in first.")
        problem.headers[.wwwAuthenticate] = "Bearer"
        return problem
    }

    static func tooLarge(limit: Int64) -> Problem {
        var problem = Problem(.contentTooLarge, "body_too_large", "The body may have at most \(limit) bytes.")
        problem.closesConnection = true
        return problem
    }

    static func unavailable(_ detail: String) -> Problem {
        var problem = Problem(.serviceUnavailable, "unavailable", detail)
        problem.headers[.retryAfter] = "1"
        return problem
    }

    /// The document's bytes.
    func document(requestID: String) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        // Text, numbers and arrays of text always encode.
        let data = (try? encoder.encode(Document(problem: self, requestID: requestID))) ?? Data()
        return Array(data)
    }

    func response(requestID: String) -> Response {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        if closesConnection {
            headers[.connection] = "close"
        }
        return Response(
            status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: document(requestID: requestID)))
        )
    }
}

private struct Document: Encodable {
    let problem: Problem
    let requestID: String

    struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in problem.info {
            try container.encode(value, forKey: Key(name))
        }
        try container.encode("urn:sunset:problem:\(problem.code)", forKey: Key("type"))
        try container.encode(problem.status.reasonPhrase, forKey: Key("title"))
        try container.encode(problem.status.code, forKey: Key("status"))
        try container.encode(problem.detail, forKey: Key("detail"))
        try container.encode(problem.code, forKey: Key("code"))
        try container.encode(requestID, forKey: Key("request_id"))
        if !problem.errors.isEmpty {
            try container.encode(problem.errors, forKey: Key("errors"))
        }
    }
}
