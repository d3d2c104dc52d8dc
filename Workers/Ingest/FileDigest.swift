import Crypto
import Glibc
import NIOPosix

/// A file's size and SHA-256, read anew from the disk.
struct FileDigest: Sendable {
    var size: Int64
    var sha256: String

    /// Bytes of one turn on a thread: some milliseconds, so that other blocking work is not held up.
    private static let turn = 8 << 20
    private static let buffer = 1 << 20

    /// Hashes a file of any size with constant memory, and stops soon when the task is cancelled.
    static func compute(_ path: String) async throws -> FileDigest {
        let file = try await NIOThreadPool.singleton.runIfActive { try OpenFile(path) }
        var hash = SHA256()
        var size: Int64 = 0
        while true {
            try Task.checkCancellation()
            let start = (hash, size)
            let (next, read) = try await NIOThreadPool.singleton.runIfActive { try step(file, start.0, from: start.1) }
            guard read > 0 else { break }
            hash = next
            size += Int64(read)
        }
        let hex = hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return FileDigest(size: size, sha256: hex.joined())
    }

    private static func step(_ file: OpenFile, _ hash: SHA256, from offset: Int64) throws -> (SHA256, Int) {
        var hash = hash
        var total = 0
        try withUnsafeTemporaryAllocation(byteCount: buffer, alignment: 16) { space in
            while total < turn {
                let count = try file.read(into: space, at: offset + Int64(total))
                guard count > 0 else { return }
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: space[..<count]))
                total += count
            }
        }
        return (hash, total)
    }
}
