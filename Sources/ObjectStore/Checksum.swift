/// A checksum of S3's additional kind, which clients send along and get back (`x-amz-checksum-…`).
public enum ChecksumAlgorithm: String, Sendable, CaseIterable, Codable {
    /// CRC-32 of ISO 3309, 4 bytes.
    case crc32 = "CRC32"
    /// CRC-32C (Castagnoli), 4 bytes.
    case crc32c = "CRC32C"
    /// CRC-64/NVME, 8 bytes.
    case crc64nvme = "CRC64NVME"
    /// SHA-1, 20 bytes.
    case sha1 = "SHA1"
    /// SHA-256, 32 bytes.
    case sha256 = "SHA256"

    /// Bytes of one checksum.
    public var length: Int {
        switch self {
        case .crc32, .crc32c: 4
        case .crc64nvme: 8
        case .sha1: 20
        case .sha256: 32
        }
    }
}

/// What the checksum of an object of several parts was made of.
public enum ChecksumKind: String, Sendable, Codable {
    /// The bytes of the whole object.
    case fullObject = "FULL_OBJECT"
    /// The checksums of its parts, one after the other; the value ends in `-` and their number.
    case composite = "COMPOSITE"
}

/// A checksum that is kept with an object.
public struct ObjectChecksum: Sendable, Equatable, Codable {
    /// How it was made.
    public var algorithm: ChecksumAlgorithm
    /// What it was made of.
    public var kind: ChecksumKind
    /// Base64 of its bytes, most significant first; with `-N` where it is composite.
    public var value: String

    /// Describes a checksum.
    public init(algorithm: ChecksumAlgorithm, kind: ChecksumKind = .fullObject, value: String) {
        self.algorithm = algorithm
        self.kind = kind
        self.value = value
    }
}

/// A checksum to compute of a body, and what it must be.
public struct ChecksumRequest: Sendable {
    /// Which one.
    public var algorithm: ChecksumAlgorithm
    /// The value that the body must have, in base64; nil: whatever it has.
    ///
    /// Called once, after the body's last byte: a trailer may bring the value only then.
    public var expected: @Sendable () throws -> String?

    /// Asks for a checksum.
    public init(_ algorithm: ChecksumAlgorithm, expected: @escaping @Sendable () throws -> String? = { nil }) {
        self.algorithm = algorithm
        self.expected = expected
    }
}
