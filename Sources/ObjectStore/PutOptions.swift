/// What goes with an object's bytes and what they are held to while they stream in.
public struct PutOptions: Sendable {
    /// The media type that `get` returns.
    public var contentType: String
    /// User metadata, at most 2 KiB of names and values together (S3's limit).
    public var metadata: [String: String]
    /// The body is refused (`.tooLarge`) at the first byte over this many; nil: no limit.
    public var maximumBytes: Int64?
    /// The body must have exactly this many bytes, else `.sizeMismatch` (more of them already while streaming).
    public var expectedBytes: Int64?
    /// The body's SHA-256 in hex of either case, else `.checksumMismatch`.
    public var expectedSHA256: String?
    /// Refuses (`.preconditionFailed`) to replace an existing object (`If-None-Match: *`, RFC 9110 §13.1.2).
    public var ifNoneMatch: Bool

    /// Options for a put; the defaults hold the body to nothing.
    public init(
        contentType: String = "application/octet-stream",
        metadata: [String: String] = [:],
        maximumBytes: Int64? = nil,
        expectedBytes: Int64? = nil,
        expectedSHA256: String? = nil,
        ifNoneMatch: Bool = false
    ) {
        self.contentType = contentType
        self.metadata = metadata
        self.maximumBytes = maximumBytes
        self.expectedBytes = expectedBytes
        self.expectedSHA256 = expectedSHA256
        self.ifNoneMatch = ifNoneMatch
    }
}

/// What a copy replaces instead of keeping it from its source.
public struct CopyOptions: Sendable {
    /// The new media type.
    public var contentType: String
    /// The new user metadata.
    public var metadata: [String: String]

    /// Options for a copy that replaces content type and metadata.
    public init(contentType: String = "application/octet-stream", metadata: [String: String] = [:]) {
        self.contentType = contentType
        self.metadata = metadata
    }
}
