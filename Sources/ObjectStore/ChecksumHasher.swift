import CChecksum
import Crypto
import FoundationEssentials

/// One additional checksum as its bytes come.
///
/// SHA-256 is missing: content is hashed with it anyway.
enum ChecksumHasher {
    case crc32(UInt32)
    case crc32c(UInt32)
    case crc64nvme(UInt64)
    case sha1(Insecure.SHA1)

    init?(_ algorithm: ChecksumAlgorithm) {
        switch algorithm {
        case .crc32: self = .crc32(0)
        case .crc32c: self = .crc32c(0)
        case .crc64nvme: self = .crc64nvme(0)
        case .sha1: self = .sha1(Insecure.SHA1())
        case .sha256: return nil
        }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch self {
        case .crc32(let value): self = .crc32(cchecksum_crc32(value, bytes.baseAddress, bytes.count))
        case .crc32c(let value): self = .crc32c(cchecksum_crc32c(value, bytes.baseAddress, bytes.count))
        case .crc64nvme(let value): self = .crc64nvme(cchecksum_crc64nvme(value, bytes.baseAddress, bytes.count))
        case .sha1(var hasher):
            hasher.update(bufferPointer: bytes)
            self = .sha1(hasher)
        }
    }

    func finalize() -> [UInt8] {
        switch self {
        case .crc32(let value), .crc32c(let value): withUnsafeBytes(of: value.bigEndian, Array.init)
        case .crc64nvme(let value): withUnsafeBytes(of: value.bigEndian, Array.init)
        case .sha1(let hasher): Array(hasher.finalize())
        }
    }
}

extension ChecksumAlgorithm {
    /// The checksum of bytes that are in memory.
    package func checksum(of bytes: [UInt8]) -> [UInt8] {
        guard var hasher = ChecksumHasher(self) else { return Array(SHA256.hash(data: bytes)) }
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finalize()
    }

    /// The value of an object of parts with these values: the checksum of their bytes, and their number.
    func composite(of values: [String]) -> String {
        let bytes = values.flatMap { Array(Data(base64Encoded: $0) ?? Data()) }
        return "\(Data(checksum(of: bytes)).base64EncodedString())-\(values.count)"
    }
}
