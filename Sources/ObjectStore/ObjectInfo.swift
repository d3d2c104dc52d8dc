public import FoundationEssentials

/// A bucket and a key, the name of one object.
public struct ObjectName: Sendable {
    /// The bucket.
    public var bucket: String
    /// The key within it.
    public var key: String

    /// Names an object; nothing is checked before the name is used.
    public init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }
}

/// A bucket and when it was made.
public struct BucketInfo: Sendable {
    /// Its name.
    public var name: String
    /// When it was created.
    public var created: Date

    /// Describes a bucket.
    public init(name: String, created: Date) {
        self.name = name
        self.created = created
    }
}

/// What is known of an object without its bytes.
public struct ObjectInfo: Sendable {
    /// The bucket.
    public var bucket: String
    /// The key within it.
    public var key: String
    /// Bytes.
    public var size: Int64
    /// The entity tag without quotes, as S3 has it: the MD5 of the bytes in hex; of an object of N uploaded parts the
    /// MD5 of their MD5s, and `-N`.
    public var etag: String
    /// The SHA-256 of the bytes in lower-case hex.
    public var sha256: String
    /// The media type that was given at the put, `application/octet-stream` otherwise.
    public var contentType: String
    /// User metadata.
    public var metadata: [String: String]
    /// Further header fields that go out with the object.
    public var headers: ContentHeaders
    /// The additional checksum that it was stored with, if any.
    public var checksum: ObjectChecksum?
    /// When this version was committed, in whole milliseconds.
    public var lastModified: Date

    /// Describes an object.
    public init(
        bucket: String,
        key: String,
        size: Int64,
        etag: String,
        sha256: String,
        contentType: String,
        metadata: [String: String],
        headers: ContentHeaders = ContentHeaders(),
        checksum: ObjectChecksum? = nil,
        lastModified: Date
    ) {
        self.bucket = bucket
        self.key = key
        self.size = size
        self.etag = etag
        self.sha256 = sha256
        self.contentType = contentType
        self.metadata = metadata
        self.headers = headers
        self.checksum = checksum
        self.lastModified = lastModified
    }
}

/// One page of a listing, in byte order of the keys.
public struct ObjectListing: Sendable {
    /// The objects of this page.
    public var objects: [ObjectInfo]
    /// Prefixes up to and with the delimiter that stand for one or more keys, sorted.
    public var commonPrefixes: [String]
    /// Where the next page starts after; nil on the last page.
    public var nextStartAfter: String?

    /// Describes a page.
    public init(objects: [ObjectInfo] = [], commonPrefixes: [String] = [], nextStartAfter: String? = nil) {
        self.objects = objects
        self.commonPrefixes = commonPrefixes
        self.nextStartAfter = nextStartAfter
    }
}
