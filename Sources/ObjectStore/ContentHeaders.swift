/// Header fields that are kept with an object beside its content type and go out with it as they came.
public struct ContentHeaders: Sendable, Equatable, Codable {
    /// `Cache-Control`.
    public var cacheControl: String?
    /// `Content-Disposition`.
    public var contentDisposition: String?
    /// `Content-Encoding`.
    public var contentEncoding: String?
    /// `Content-Language`.
    public var contentLanguage: String?
    /// `Expires`, uninterpreted.
    public var expires: String?

    /// Makes a set of fields; nil ones are not sent.
    public init(
        cacheControl: String? = nil,
        contentDisposition: String? = nil,
        contentEncoding: String? = nil,
        contentLanguage: String? = nil,
        expires: String? = nil
    ) {
        self.cacheControl = cacheControl
        self.contentDisposition = contentDisposition
        self.contentEncoding = contentEncoding
        self.contentLanguage = contentLanguage
        self.expires = expires
    }

    /// The values that there are.
    var values: [String] {
        [cacheControl, contentDisposition, contentEncoding, contentLanguage, expires].compactMap { $0 }
    }
}

/// All that is kept with an object but its bytes and what follows from them.
public struct ObjectAttributes: Sendable, Equatable {
    /// The media type.
    public var contentType: String
    /// User metadata, at most 2 KiB of names and values together (S3's limit).
    public var metadata: [String: String]
    /// Further header fields.
    public var headers: ContentHeaders

    /// Makes a set of attributes.
    public init(
        contentType: String = "application/octet-stream",
        metadata: [String: String] = [:],
        headers: ContentHeaders = ContentHeaders()
    ) {
        self.contentType = contentType
        self.metadata = metadata
        self.headers = headers
    }
}

/// What a body is held to while it streams in.
public struct BodyExpectations: Sendable {
    /// The body is refused (`.tooLarge`) at the first byte over this many; nil: no limit.
    public var maximumBytes: Int64?
    /// The body must have exactly this many bytes, else `.sizeMismatch` (more of them already while streaming).
    public var expectedBytes: Int64?
    /// The body's SHA-256 in hex of either case, else `.checksumMismatch`.
    public var expectedSHA256: String?
    /// The body's MD5 in lower-case hex (`Content-MD5`), else `.digestMismatch`.
    public var expectedMD5: String?
    /// A further checksum, computed and kept, and compared where a value is expected
    /// (`.digestMismatch`).
    public var checksum: ChecksumRequest?

    /// Holds a body to what is not nil.
    public init(
        maximumBytes: Int64? = nil,
        expectedBytes: Int64? = nil,
        expectedSHA256: String? = nil,
        expectedMD5: String? = nil,
        checksum: ChecksumRequest? = nil
    ) {
        self.maximumBytes = maximumBytes
        self.expectedBytes = expectedBytes
        self.expectedSHA256 = expectedSHA256
        self.expectedMD5 = expectedMD5
        self.checksum = checksum
    }
}
