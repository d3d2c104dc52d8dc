import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes
import ObjectStore

/// A request whose sender is known.
struct S3Request: Sendable {
    /// The largest body of one put or part, as at S3.
    static let maximumBytes: Int64 = 5 << 30

    let request: Request
    let channel: any Channel
    let target: S3Target
    let identity: Identity
    /// The bucket; empty for the service itself.
    let bucket: String
    /// The key; empty for the bucket itself.
    let key: String

    var headers: HTTPFields { request.headers }

    init(_ request: Request, _ channel: any Channel, _ target: S3Target, _ identity: Identity) {
        self.request = request
        self.channel = channel
        self.target = target
        self.identity = identity
        self.bucket = target.bucket ?? ""
        self.key = target.key ?? ""
    }

    /// Throws AccessDenied unless the key allows it.
    func authorize(_ access: AccessGrant.Access, bucket: String? = nil, key: String? = nil) throws(S3Error) {
        guard identity.key.allows(access, bucket: bucket ?? self.bucket, key: key ?? self.key) else {
            throw .accessDenied()
        }
    }

    /// A parameter that is a whole number within bounds.
    func number(_ name: String, in bounds: ClosedRange<Int>, default fallback: Int) throws(S3Error) -> Int {
        guard let text = target.value(name), !text.isEmpty else { return fallback }
        guard let number = Int(text), bounds.contains(number) else {
            throw .invalidArgument(
                "Argument \(name) must be an integer between \(bounds.lowerBound) and \(bounds.upperBound)")
        }
        return number
    }

    // MARK: The body

    /// The body, and what it is held to.
    func payload(hasChecksum: Bool = true) throws(S3Error) -> (body: PayloadBody, expectations: BodyExpectations) {
        var decoder: ChunkDecoder?
        var lengthName = "content-length"
        if case .stream(let isSigned, let hasTrailer) = identity.payload {
            decoder = ChunkDecoder(
                signature: isSigned ? ChunkSignature(signer: identity.signer, seed: identity.seed) : nil,
                hasTrailer: hasTrailer)
            lengthName = "x-amz-decoded-content-length"
        }
        guard let length = headers.value(lengthName).flatMap({ Int64($0) }), length >= 0 else {
            throw S3Error(.lengthRequired, "MissingContentLength", "You must provide the \(lengthName) HTTP header.")
        }
        guard length <= Self.maximumBytes else {
            throw S3Error(
                .badRequest, "EntityTooLarge",
                "Your proposed upload exceeds the maximum of \(Self.maximumBytes) bytes.")
        }
        let body = PayloadBody(body: request.body, decoder: decoder, trailer: PayloadBody.Trailer())
        var expectations = BodyExpectations(
            expectedBytes: length, expectedMD5: try contentMD5(),
            checksum: hasChecksum ? try checksum(body.trailer) : nil)
        if case .sha256(let hash) = identity.payload {
            expectations.expectedSHA256 = hash
        }
        return (body, expectations)
    }

    /// A small body in memory, checked against all that the request says of it.
    ///
    /// - Parameter hasChecksum: Whether a checksum in a header is that of the body.
    func collect(upTo limit: Int, hasChecksum: Bool = true) async throws -> [UInt8] {
        // RFC 9112 §6.3: without both there is no body.
        if headers[.contentLength] == nil, headers[.transferEncoding] == nil {
            return []
        }
        let (body, expectations) = try payload(hasChecksum: hasChecksum)
        guard let length = expectations.expectedBytes, length <= Int64(limit) else { throw S3Error.malformedXML }
        try await sendContinueIfExpected()
        var bytes: [UInt8] = []
        for try await buffer in body {
            guard bytes.count + buffer.readableBytes <= limit else { throw S3Error.malformedXML }
            bytes += buffer.readableBytesView
        }
        guard bytes.count == Int(length) else { throw S3Error.incompleteBody }
        if let expected = expectations.expectedSHA256, expected != Hex.encode(SHA256.hash(data: bytes)) {
            throw S3Error(ObjectStoreError(.checksumMismatch, ""))
        }
        if let expected = expectations.expectedMD5, expected != Hex.encode(Insecure.MD5.hash(data: bytes)) {
            throw S3Error(ObjectStoreError(.digestMismatch, "Content-MD5"))
        }
        if let checksum = expectations.checksum, let expected = try checksum.expected(),
            expected != Data(checksum.algorithm.checksum(of: bytes)).base64EncodedString()
        {
            throw S3Error(ObjectStoreError(.digestMismatch, checksum.algorithm.rawValue))
        }
        return bytes
    }

    /// Tells a client that waits for it to send its body (RFC 9110 §10.1.1); called once the request was found worth it.
    func sendContinueIfExpected() async throws {
        guard headers[.expect]?.lowercased() == "100-continue" else { return }
        let part = HTTPResponsePart.head(HTTPResponse(status: .continue))
        try await channel.writeAndFlush(part).get()
    }

    private func contentMD5() throws(S3Error) -> String? {
        guard let text = headers.value("content-md5") else { return nil }
        guard let bytes = Data(base64Encoded: text), bytes.count == 16 else {
            throw S3Error(.badRequest, "InvalidDigest", "The Content-MD5 you specified is not valid.")
        }
        return Hex.encode(bytes)
    }

    /// The additional checksum: its value stands in a header, or will stand in the trailer.
    private func checksum(_ trailer: PayloadBody.Trailer) throws(S3Error) -> ChecksumRequest? {
        if let header = try checksumHeader() {
            return ChecksumRequest(header.algorithm) { header.value }
        }
        if let name = headers.value("x-amz-trailer") {
            guard let algorithm = ChecksumAlgorithm(header: name.lowercased()) else {
                throw .invalidRequest("The value specified in the x-amz-trailer header is not supported")
            }
            return ChecksumRequest(algorithm) {
                guard let value = trailer[algorithm.header] else { throw ChunkDecoder.malformedTrailer }
                return try Self.checked(value, algorithm)
            }
        }
        return headers.value("x-amz-sdk-checksum-algorithm").flatMap(ChecksumAlgorithm.init(rawValue:))
            .map { ChecksumRequest($0) }
    }

    /// The one `x-amz-checksum-…` header with a value.
    func checksumHeader(isComposite: Bool = false) throws(S3Error) -> (algorithm: ChecksumAlgorithm, value: String)? {
        let given = ChecksumAlgorithm.allCases.compactMap { algorithm in
            headers.value(algorithm.header).map { (algorithm, $0) }
        }
        guard given.count <= 1 else {
            throw .invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum types are not allowed.")
        }
        guard let (algorithm, value) = given.first else { return nil }
        return (algorithm, isComposite ? value : try Self.checked(value, algorithm))
    }

    private static func checked(_ value: String, _ algorithm: ChecksumAlgorithm) throws(S3Error) -> String {
        guard Data(base64Encoded: value)?.count == algorithm.length else {
            throw .invalidRequest("Value for \(algorithm.header) header is invalid.")
        }
        return value
    }
}

extension ChecksumAlgorithm {
    /// The header field that holds a value.
    var header: String { "x-amz-checksum-\(rawValue.lowercased())" }

    init?(header: String) {
        guard let algorithm = Self.allCases.first(where: { $0.header == header }) else { return nil }
        self = algorithm
    }
}
