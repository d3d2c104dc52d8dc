import Crypto
public import FoundationEssentials

/// What a presigned URL holds its request to; nil fields are free.
public struct PresignConstraints: Sendable, Equatable {
    /// The body may have at most this many bytes.
    public var maximumBytes: Int64?
    /// The body has exactly this many bytes.
    public var exactBytes: Int64?
    /// The body's SHA-256 in lower-case hex.
    public var sha256: String?
    /// The request's `Content-Type`, byte for byte.
    public var contentType: String?

    /// Makes constraints; the defaults hold a request to nothing.
    public init(
        maximumBytes: Int64? = nil,
        exactBytes: Int64? = nil,
        sha256: String? = nil,
        contentType: String? = nil
    ) {
        self.maximumBytes = maximumBytes
        self.exactBytes = exactBytes
        self.sha256 = sha256
        self.contentType = contentType
    }
}

/// Why a presigned request is refused.
public enum PresignError: Error, Sendable, Equatable {
    /// A parameter is missing, repeated, unknown or not of its form.
    case malformed
    /// The signature is not ours, or any signed field was changed.
    case forged
    /// The signature is right and its time has passed.
    case expired
}

/// Makes and verifies presigned URLs.
///
/// The query is `x-kid=…&x-expires=<seconds since 1970>[&x-max=…][&x-size=…][&x-sha256=…][&x-type=…]&x-signature=<hex>`.
/// The signature is an HMAC-SHA-256 over method, bucket, key and every parameter; a query with any further parameter is
/// refused, so that nothing in a URL that verifies is unsigned.
public struct URLSigner: Sendable {
    private let keyRing: KeyRing

    /// Signs with the ring's newest key, verifies with all of them.
    public init(keyRing: KeyRing) {
        self.keyRing = keyRing
    }

    /// The query string, percent-encoded and without `?`, that lets its bearer do `method` on one object.
    ///
    /// - Parameter expires: The end of its life, rounded down to whole seconds.
    public func presign(
        method: String,
        bucket: String,
        key: String,
        expires: Date,
        constraints: PresignConstraints = PresignConstraints()
    ) -> String {
        var fields = [("x-expires", String(Int64(expires.timeIntervalSince1970.rounded(.down))))]
        if let maximum = constraints.maximumBytes { fields.append(("x-max", String(maximum))) }
        if let exact = constraints.exactBytes { fields.append(("x-size", String(exact))) }
        if let sha256 = constraints.sha256 { fields.append(("x-sha256", sha256)) }
        if let type = constraints.contentType { fields.append(("x-type", type)) }
        let message = Self.message(method: method, bucket: bucket, key: key, fields: fields)
        let signature = keyRing.signature(for: message, purpose: Self.purpose)
        let query = [("x-kid", signature.kid)] + fields + [("x-signature", Hex.encode(signature.code))]
        return query.map { "\($0.0)=\(PercentCoding.encode($0.1))" }.joined(separator: "&")
    }

    /// Checks a received query string and returns what the request is held to.
    ///
    /// The signature is checked before the expiry, so that only a genuine URL is called expired. The caller enforces
    /// the constraints on the body.
    ///
    /// - Parameter query: As received: percent-encoded, without `?`.
    public func verify(
        method: String,
        bucket: String,
        key: String,
        query: String,
        now: Date
    ) async throws(PresignError) -> PresignConstraints {
        var fields = try Self.parse(query)
        guard let kid = fields.first, kid.0 == "x-kid", let given = fields.last, given.0 == "x-signature",
            let code = Hex.decode(given.1)
        else { throw .malformed }
        fields = Array(fields.dropFirst().dropLast())
        guard let expires = fields.first, expires.0 == "x-expires", let seconds = Self.number(expires.1) else {
            throw .malformed
        }
        let message = Self.message(method: method, bucket: bucket, key: key, fields: fields)
        let signature = KeySignature(kid: kid.1, code: code)
        guard await keyRing.verify(signature, for: message, purpose: Self.purpose) else { throw .forged }
        guard now.timeIntervalSince1970 < Double(seconds) else { throw .expired }
        return try Self.constraints(fields.dropFirst())
    }

    /// A key as it stands in a URL's path: everything percent-encoded but unreserved characters and `/`.
    public static func path(key: String) -> String {
        PercentCoding.encode(key, keepingSlashes: true)
    }
}

extension URLSigner {
    private static let purpose = "url"

    /// Each part with its length before it, so that no two requests have the same bytes.
    private static func message(method: String, bucket: String, key: String, fields: [(String, String)]) -> [UInt8] {
        var message: [UInt8] = []
        for part in ["v1", method, bucket, key] + fields.flatMap({ [$0.0, $0.1] }) {
            message += Array("\(part.utf8.count):".utf8) + Array(part.utf8)
        }
        return message
    }

    /// The parameters in their order.
    ///
    /// Repeated and unknown ones are refused later, as they break the order we sign in.
    private static func parse(_ query: String) throws(PresignError) -> [(String, String)] {
        guard query.utf8.count <= 4096 else { throw .malformed }
        var fields: [(String, String)] = []
        for part in query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, let name = PercentCoding.decode(halves[0]),
                let value = PercentCoding.decode(halves[1])
            else { throw .malformed }
            fields.append((name, value))
        }
        return fields
    }

    private static func constraints(_ fields: ArraySlice<(String, String)>) throws(PresignError) -> PresignConstraints {
        var constraints = PresignConstraints()
        var rest = fields
        if let field = rest.first, field.0 == "x-max" {
            guard let number = number(field.1) else { throw .malformed }
            constraints.maximumBytes = number
            rest.removeFirst()
        }
        if let field = rest.first, field.0 == "x-size" {
            guard let number = number(field.1) else { throw .malformed }
            constraints.exactBytes = number
            rest.removeFirst()
        }
        if let field = rest.first, field.0 == "x-sha256" {
            constraints.sha256 = field.1
            rest.removeFirst()
        }
        if let field = rest.first, field.0 == "x-type" {
            constraints.contentType = field.1
            rest.removeFirst()
        }
        guard rest.isEmpty else { throw .malformed }
        return constraints
    }

    private static func number(_ text: String) -> Int64? {
        guard let value = Int64(text), String(value) == text else { return nil }
        return value
    }
}
