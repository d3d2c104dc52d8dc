import Foundation
import HTTPTypes

/// What a request says of its own signature, in its header or in its query (presigned).
struct SignedRequest: Sendable {
    var keyID: String
    var scope: SignatureV4.Scope
    /// `yyyyMMdd'T'HHmmss'Z'`.
    var time: String
    /// Lower-case, in ascending order.
    var signedHeaders: [String]
    var signature: String
    /// Seconds from `time` that a presigned URL is good for; nil for a signature in the header.
    var lifetime: Int?

    /// Reads what is there, and nothing of it is believed yet.
    init(_ head: HTTPRequest, _ target: S3Target) throws(S3Error) {
        let header = head.headerFields[.authorization]
        let isPresigned = target.has("X-Amz-Algorithm") || target.has("X-Amz-Signature")
        guard header == nil || !isPresigned else {
            throw .invalidArgument("Only one auth mechanism allowed: a signature in the header or in the query")
        }
        if isPresigned {
            try self.init(presigned: target)
        } else if let header {
            try self.init(header: header, head.headerFields)
        } else if target.has("AWSAccessKeyId") {
            throw Self.unsupported
        } else {
            throw .accessDenied("Anonymous access is forbidden for this operation")
        }
    }

    private static let unsupported = S3Error.invalidRequest(
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")

    private init(header: String, _ headers: HTTPFields) throws(S3Error) {
        guard header.hasPrefix(SignatureV4.algorithm + " ") else { throw Self.unsupported }
        var fields: [Substring: Substring] = [:]
        for part in header.dropFirst(SignatureV4.algorithm.count).split(separator: ",") {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, fields.updateValue(pair[1], forKey: pair[0]) == nil else {
                throw Self.malformed("a field of it is malformed")
            }
        }
        guard let credential = fields["Credential"], let names = fields["SignedHeaders"],
            let signature = fields["Signature"]
        else { throw Self.malformed("it has Credential, SignedHeaders and Signature") }
        guard let time = headers.value("x-amz-date") else {
            throw .accessDenied("AWS authentication requires a valid x-amz-date header")
        }
        (keyID, scope) = try Self.credential(credential, Self.malformed)
        self.time = time
        signedHeaders = names.split(separator: ";").map { $0.lowercased() }
        self.signature = String(signature)
        try check(Self.malformed)
    }

    private init(presigned target: S3Target) throws(S3Error) {
        guard target.value("X-Amz-Algorithm") == SignatureV4.algorithm else {
            throw Self.malformedQuery("X-Amz-Algorithm only supports AWS4-HMAC-SHA256")
        }
        guard let credential = target.value("X-Amz-Credential"), let time = target.value("X-Amz-Date"),
            let names = target.value("X-Amz-SignedHeaders"), let signature = target.value("X-Amz-Signature"),
            let lifetime = target.value("X-Amz-Expires")
        else {
            throw Self.malformedQuery(
                "Query-string authentication requires X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, "
                    + "X-Amz-SignedHeaders and X-Amz-Expires")
        }
        // Seven days, as at S3: keys are derived for a day, and nobody can call a URL back.
        guard let seconds = Int(lifetime), (1...604_800).contains(seconds) else {
            throw Self.malformedQuery("X-Amz-Expires must be 1 to 604800 seconds")
        }
        (keyID, scope) = try Self.credential(credential[...], Self.malformedQuery)
        self.time = time
        signedHeaders = names.split(separator: ";").map { $0.lowercased() }
        self.signature = signature
        self.lifetime = seconds
        try check(Self.malformedQuery)
    }

    private static func malformed(_ message: String) -> S3Error {
        S3Error(.badRequest, "AuthorizationHeaderMalformed", "The authorization header is malformed; \(message).")
    }

    private static func malformedQuery(_ message: String) -> S3Error {
        S3Error(.badRequest, "AuthorizationQueryParametersError", message)
    }

    /// `id/yyyyMMdd/region/s3/aws4_request`; an identifier may have slashes itself.
    private static func credential(
        _ text: Substring, _ failure: (String) -> S3Error
    ) throws(S3Error) -> (String, SignatureV4.Scope) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 5, parts[parts.count - 1] == "aws4_request", parts[parts.count - 2] == "s3" else {
            throw failure("the Credential must end in '/<date>/<region>/s3/aws4_request'")
        }
        let scope = SignatureV4.Scope(day: String(parts[parts.count - 4]), region: String(parts[parts.count - 3]))
        return (parts.dropLast(4).joined(separator: "/"), scope)
    }

    private func check(_ failure: (String) -> S3Error) throws(S3Error) {
        guard SignatureTime.date(time) != nil else { throw failure("the date must be yyyyMMdd'T'HHmmss'Z'") }
        guard time.hasPrefix(scope.day) else { throw failure("the Credential's date is not that of the request") }
        guard signedHeaders.contains("host"), signedHeaders == signedHeaders.sorted(),
            Set(signedHeaders).count == signedHeaders.count
        else { throw failure("SignedHeaders has host, and is sorted") }
    }
}
