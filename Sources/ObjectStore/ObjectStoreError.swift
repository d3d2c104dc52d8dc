/// Why an operation on an object store failed.
public struct ObjectStoreError: Error, Sendable, CustomStringConvertible {
    /// The reason as a value to compare.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The reason's name, as it may stand in a log or a problem document.
        public let description: String

        private init(_ description: String) {
            self.description = description
        }

        /// The bucket does not exist.
        public static let noSuchBucket = Code("no_such_bucket")
        /// The object does not exist.
        public static let noSuchKey = Code("no_such_key")
        /// A bucket that still holds objects can't be removed.
        public static let bucketNotEmpty = Code("bucket_not_empty")
        /// The bucket's name is none that S3 would take: 3 to 63 of `a-z 0-9 . -`.
        public static let invalidBucket = Code("invalid_bucket")
        /// The key is empty or longer than 1,024 bytes.
        public static let invalidKey = Code("invalid_key")
        /// Metadata over 2 KiB, a content type with control characters, a limit out of bounds.
        public static let invalidArgument = Code("invalid_argument")
        /// The body has more bytes than allowed.
        public static let tooLarge = Code("too_large")
        /// The body has not as many bytes as announced.
        public static let sizeMismatch = Code("size_mismatch")
        /// The body's SHA-256 is not the announced one.
        public static let checksumMismatch = Code("checksum_mismatch")
        /// The body's MD5 or additional checksum is not the announced one.
        public static let digestMismatch = Code("digest_mismatch")
        /// The object that a write would replace, or that a copy reads, is not the expected one.
        public static let preconditionFailed = Code("precondition_failed")
        /// The range selects no byte (416); ``ObjectStoreError/size`` has the object's size.
        public static let invalidRange = Code("invalid_range")
        /// The multipart upload does not exist, or was completed or aborted.
        public static let noSuchUpload = Code("no_such_upload")
        /// A part that was named to complete an upload is missing, or has another ETag or checksum.
        public static let invalidPart = Code("invalid_part")
        /// The parts that were named are not in ascending order.
        public static let invalidPartOrder = Code("invalid_part_order")
        /// A part that is not the last has less than 5 MiB.
        public static let partTooSmall = Code("part_too_small")
        /// The disk or the quota is full.
        public static let outOfSpace = Code("out_of_space")
        /// The operating system or the index failed; the message says where.
        public static let storage = Code("storage")
        /// Another scrub of the store is under way.
        public static let busy = Code("busy")
        /// The store was closed.
        public static let closed = Code("closed")
    }

    /// The reason.
    public var code: Code
    /// What happened, for a log.
    public var message: String
    /// The object's size in bytes, with `.invalidRange`.
    public var size: Int64?
    /// The error that led to this one.
    public var underlying: (any Error)?

    /// Makes an error.
    public init(_ code: Code, _ message: String, size: Int64? = nil, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.size = size
        self.underlying = underlying
    }

    /// Code and message, and the underlying error.
    public var description: String {
        guard let underlying else { return "\(code): \(message)" }
        return "\(code): \(message) (\(underlying))"
    }
}
