import Glibc

/// A file that is open for reading.
///
/// Its calls block.
final class OpenFile: Sendable {
    private let descriptor: Int32
    private let path: String

    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw IngestError.system("open", path, errno) }
    }

    deinit {
        close(descriptor)
    }

    var size: Int64 {
        get throws {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw IngestError.system("fstat", path, errno) }
            return Int64(status.st_size)
        }
    }

    /// Reads up to the buffer's size; less only at the file's end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let target = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = pread(descriptor, target.baseAddress, target.count, off_t(offset) + filled)
            guard count >= 0 || errno == EINTR else { throw IngestError.system("pread", path, errno) }
            guard count != 0 else { break }
            filled += max(0, count)
        }
        return filled
    }

    /// Exactly these bytes, or as many as there are.
    func bytes(at offset: Int64, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
        }
    }
}

/// The machinery failed, not the file: the job is tried again.
enum IngestError: Error, CustomStringConvertible {
    case system(String, String, Int32)
    case probe(String)

    var description: String {
        switch self {
        case .system(let call, let path, let code): "\(call) \(path): \(String(cString: strerror(code)))"
        case .probe(let detail): detail
        }
    }
}
