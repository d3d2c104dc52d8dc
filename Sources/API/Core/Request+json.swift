import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes

extension Request {
    /// Reads a JSON body within the limits and decodes it.
    ///
    /// Refuses what is no JSON by content type (415), what is malformed (400) and what has a wrong shape (422, with the
    /// JSON pointer of the field).
    func json<T: Decodable>(
        _ type: T.Type,
        context: APIContext,
        configuration: APIConfiguration
    ) async throws -> T {
        guard let declared = headers[.contentType], Self.isJSON(declared) else {
            throw Problem(.unsupportedMediaType, "unsupported_media_type", "Send Content-Type: application/json.")
        }
        let bytes = try await bytes(upTo: configuration.maximumJSONBytes, context: context)
        return try Self.decode(type, bytes, configuration)
    }

    /// Reads a body that may be left out: nil without bytes or without a JSON content type.
    func jsonIfAny<T: Decodable>(
        _ type: T.Type,
        context: APIContext,
        configuration: APIConfiguration
    ) async throws -> T? {
        guard let declared = headers[.contentType], Self.isJSON(declared) else { return nil }
        let bytes = try await bytes(upTo: configuration.maximumJSONBytes, context: context)
        return bytes.isEmpty ? nil : try Self.decode(type, bytes, configuration)
    }

    private static func decode<T: Decodable>(
        _ type: T.Type, _ bytes: [UInt8], _ configuration: APIConfiguration
    ) throws -> T {
        do {
            try JSONGuard.check(bytes, maximumDepth: configuration.maximumJSONDepth)
        } catch .notUTF8 {
            throw Problem(.badRequest, "not_utf8", "JSON is UTF-8.")
        } catch .tooDeep {
            throw Problem(.badRequest, "too_deep", "JSON may be nested \(configuration.maximumJSONDepth) deep.")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw Problem(error)
        }
    }

    /// Reads the whole body, at most `limit` bytes: a declared length above it is refused before the first byte is
    /// read, an undeclared one at the first byte too many.
    func bytes(upTo limit: Int, context: APIContext) async throws -> [UInt8] {
        if let declared = headers[.contentLength].flatMap({ Int64($0) }), declared > Int64(limit) {
            throw Problem.tooLarge(limit: Int64(limit))
        }
        try await sendContinueIfExpected(context)
        var bytes: [UInt8] = []
        for try await buffer in body {
            guard bytes.count + buffer.readableBytes <= limit else { throw Problem.tooLarge(limit: Int64(limit)) }
            bytes += buffer.readableBytesView
        }
        return bytes
    }

    /// Tells a client that waits for it to send its body (RFC 9110 §10.1.1); called once the request was found worth it.
    func sendContinueIfExpected(_ context: APIContext) async throws {
        guard let expectation = headers[.expect], expectation.lowercased() == "100-continue" else { return }
        let part = HTTPResponsePart.head(HTTPResponse(status: .continue))
        try await context.channel.writeAndFlush(part).get()
    }

    private static func isJSON(_ contentType: String) -> Bool {
        let type = contentType.prefix { $0 != ";" }.lowercased()
        return type.trimmingCharacters(in: .whitespaces) == "application/json"
    }
}

extension Problem {
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self = .invalid(Self.pointer(context.codingPath + [key]), "required", "This field is required.")
        case .valueNotFound(_, let context):
            self = .invalid(Self.pointer(context.codingPath), "required", "This field may not be null.")
        case .typeMismatch(let type, let context):
            self = .invalid(Self.pointer(context.codingPath), "wrong_type", "Expected \(Self.name(of: type)).")
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            self.init(.badRequest, "invalid_json", "The body is not well-formed JSON.")
        case .dataCorrupted(let context):
            self = .invalid(Self.pointer(context.codingPath), "invalid_value", context.debugDescription)
        @unknown default:
            self.init(.badRequest, "invalid_json", "The body can't be read.")
        }
    }

    /// RFC 6901.
    private static func pointer(_ path: [any CodingKey]) -> String {
        path.map { key in
            let name = key.intValue.map(String.init) ?? key.stringValue
            return "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
        }.joined()
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is [String: Any].Type: "an object"
        case is [Any].Type: "an array"
        default: "another type"
        }
    }
}
