import Glibc

/// A file that is open for reading.
///
/// Its calls block.
package final class FileReader {
    private let descriptor: Int32
    private let path: String
    /// Bytes.
    package let size: Int64

    package init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            close(descriptor)
            throw Self.failure("fstat", path)
        }
        size = Int64(status.st_size)
    }

    deinit {
        close(descriptor)
    }

    /// These bytes, or as many of them as there are.
    package func bytes(at offset: Int64, count: Int) throws -> [UInt8] {
        guard offset >= 0, offset < size else { return [] }
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let read = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + filled)
                guard read >= 0 || errno == EINTR else { throw Self.failure("pread", path) }
                guard read != 0 else { return }
                filled += max(0, read)
            }
        }
    }

    private static func failure(_ call: String, _ path: String) -> ProbeFailure {
        ProbeFailure("\(call) \(path): \(String(cString: strerror(errno)))")
    }
}

extension [UInt8] {
    /// A little-endian number of 2, 4 or 8 bytes; nil beyond the end.
    func little(_ width: Int, at offset: Int) -> UInt64? {
        guard offset >= 0, offset + width <= count else { return nil }
        return (0..<width).reversed().reduce(0) { $0 << 8 | UInt64(self[offset + $1]) }
    }
}
