public import FoundationEssentials

/// One multipart upload's name: the object that it will be, and its identifier.
public struct UploadName: Sendable, Equatable {
    /// The bucket.
    public var bucket: String
    /// The key of the object that completing it makes.
    public var key: String
    /// The identifier that ``ObjectStore/createUpload(bucket:key:options:)`` gave.
    public var id: String

    /// Names an upload; nothing is checked before the name is used.
    public init(bucket: String, key: String, id: String) {
        self.bucket = bucket
        self.key = key
        self.id = id
    }
}

/// What is decided when a multipart upload begins.
public struct UploadOptions: Sendable {
    /// What will be kept with the object.
    public var attributes: ObjectAttributes
    /// The checksum that every part gets and the object will have; nil: none.
    public var checksum: ChecksumAlgorithm?
    /// What the object's checksum is made of; a CRC-64 is always of the whole object, a SHA always of its parts.
    public var checksumKind: ChecksumKind
    /// Who began it, for the listing of uploads; means nothing to the store.
    public var initiator: String

    /// Options for a new upload.
    public init(
        attributes: ObjectAttributes = ObjectAttributes(),
        checksum: ChecksumAlgorithm? = nil,
        checksumKind: ChecksumKind = .composite,
        initiator: String = ""
    ) {
        self.attributes = attributes
        self.checksum = checksum
        self.checksumKind = checksum == .crc64nvme ? .fullObject : checksumKind
        self.initiator = initiator
    }
}

/// A multipart upload that is neither completed nor aborted.
public struct UploadInfo: Sendable {
    /// Its name.
    public var name: UploadName
    /// When it began, in whole milliseconds.
    public var initiated: Date
    /// Who began it.
    public var initiator: String
    /// The checksum that its parts get.
    public var checksum: ChecksumAlgorithm?
    /// What the object's checksum will be made of.
    public var checksumKind: ChecksumKind

    /// Describes an upload.
    public init(
        name: UploadName,
        initiated: Date,
        initiator: String = "",
        checksum: ChecksumAlgorithm? = nil,
        checksumKind: ChecksumKind = .composite
    ) {
        self.name = name
        self.initiated = initiated
        self.initiator = initiator
        self.checksum = checksum
        self.checksumKind = checksumKind
    }
}

/// One part that was uploaded.
public struct PartInfo: Sendable {
    /// 1 to 10,000.
    public var number: Int
    /// Bytes.
    public var size: Int64
    /// The MD5 of its bytes in hex.
    public var etag: String
    /// Its additional checksum.
    public var checksum: ObjectChecksum?
    /// When it was committed, in whole milliseconds.
    public var lastModified: Date

    /// Describes a part.
    public init(number: Int, size: Int64, etag: String, checksum: ObjectChecksum? = nil, lastModified: Date) {
        self.number = number
        self.size = size
        self.etag = etag
        self.checksum = checksum
        self.lastModified = lastModified
    }
}

/// A part as the one who completes an upload names it.
public struct CompletedPart: Sendable, Equatable {
    /// Its number.
    public var number: Int
    /// The ETag, without quotes, that the part's upload answered with.
    public var etag: String
    /// Its additional checksum in base64, where it is to be compared.
    public var checksum: String?

    /// Names a part.
    public init(number: Int, etag: String, checksum: String? = nil) {
        self.number = number
        self.etag = etag
        self.checksum = checksum
    }
}

/// What a completed object must be.
public struct CompleteOptions: Sendable {
    /// Its size in bytes, else `.sizeMismatch`.
    public var expectedBytes: Int64?
    /// Its additional checksum in base64 (with `-N` where it is composite), else `.digestMismatch`; `.invalidArgument`
    /// where the upload has none.
    public var expectedChecksum: String?
    /// What must hold of the object that it replaces.
    public var condition: WriteCondition

    /// Options for completing an upload; the default checks nothing.
    public init(
        expectedBytes: Int64? = nil,
        expectedChecksum: String? = nil,
        condition: WriteCondition = WriteCondition()
    ) {
        self.expectedBytes = expectedBytes
        self.expectedChecksum = expectedChecksum
        self.condition = condition
    }
}

/// One page of an upload's parts, in the order of their numbers.
public struct PartListing: Sendable {
    /// The upload.
    public var upload: UploadInfo
    /// The parts of this page.
    public var parts: [PartInfo]
    /// Whether there are parts after them.
    public var hasMore: Bool

    /// Describes a page.
    public init(upload: UploadInfo, parts: [PartInfo], hasMore: Bool) {
        self.upload = upload
        self.parts = parts
        self.hasMore = hasMore
    }
}

/// Where a listing of uploads goes on: after this key, or after this upload of it.
public struct UploadMarker: Sendable, Equatable {
    /// The key, or a common prefix, for all below it.
    public var key: String
    /// The upload; nil: all of this key.
    public var id: String?

    /// Makes a marker.
    public init(key: String, id: String? = nil) {
        self.key = key
        self.id = id
    }
}

/// One page of a bucket's uploads, by key and then by when they began.
public struct UploadListing: Sendable {
    /// The uploads of this page.
    public var uploads: [UploadInfo]
    /// Prefixes up to and with the delimiter that stand for one or more keys, sorted.
    public var commonPrefixes: [String]
    /// Where the next page goes on; nil on the last page.
    public var next: UploadMarker?

    /// Describes a page.
    public init(uploads: [UploadInfo] = [], commonPrefixes: [String] = [], next: UploadMarker? = nil) {
        self.uploads = uploads
        self.commonPrefixes = commonPrefixes
        self.next = next
    }
}
