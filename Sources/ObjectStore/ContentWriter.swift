import Crypto
import FoundationEssentials
import Glibc
import NIOCore
import Synchronization

/// A content file that is complete and durable.
struct ContentFile: Sendable {
    var name: String
    var size: Int64
    var sha256: String
    /// The MD5 of the bytes in hex, or what its writer was told.
    var etag: String
    var checksum: ObjectChecksum?
}

/// Writes one staging file and hashes it on the way.
///
/// Its calls block, and come one after the other.
final class ContentWriter: Sendable {
    private struct State {
        var descriptor: Int32
        var size: Int64 = 0
        var sha256 = SHA256()
        var md5: Insecure.MD5?
        var further: ChecksumHasher?
        var ownsStagingFile = true
    }

    private let name: String
    private let path: String
    private let algorithm: ChecksumAlgorithm?
    private let etag: String?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - algorithm: A checksum to compute beside SHA-256 and MD5.
    ///   - etag: The ETag where it is known, so that no MD5 is computed.
    init(files: StoreFiles, computing algorithm: ChecksumAlgorithm? = nil, etag: String? = nil) throws {
        self.name = OpaqueName.random()
        self.path = files.stagingPath(name)
        self.algorithm = algorithm
        self.etag = etag
        // Readable for the group, so that a web server in it can be handed a file later.
        let descriptor = try Posix.open(path, O_WRONLY | O_CREAT | O_EXCL, 0o640)
        self.state = Mutex(
            State(
                descriptor: descriptor, md5: etag == nil ? Insecure.MD5() : nil,
                further: algorithm.flatMap { ChecksumHasher($0) }))
    }

    deinit {
        discard()
    }

    func append(_ buffers: [ByteBuffer]) throws {
        try state.withLock { state in
            for buffer in buffers {
                try buffer.withUnsafeReadableBytes { bytes in
                    try Posix.write(state.descriptor, bytes)
                    state.sha256.update(bufferPointer: bytes)
                    state.md5?.update(bufferPointer: bytes)
                    state.further?.update(bytes)
                    state.size += Int64(bytes.count)
                }
            }
        }
    }

    /// Makes the bytes durable; the name is not yet.
    func finish() throws -> ContentFile {
        try state.withLock { state in
            fchmod(state.descriptor, 0o440)
            try Posix.sync(state.descriptor)
            close(state.descriptor)
            state.descriptor = -1
            let sha256 = Array(state.sha256.finalize())
            return ContentFile(
                name: name,
                size: state.size,
                sha256: Hex.encode(sha256),
                etag: etag ?? state.md5.map { Hex.encode($0.finalize()) } ?? "",
                checksum: algorithm.map { algorithm in
                    let value = Data(state.further?.finalize() ?? sha256).base64EncodedString()
                    return ObjectChecksum(algorithm: algorithm, value: value)
                }
            )
        }
    }

    /// Leaves the staging name to the next sweep.
    func keepStagingFile() {
        state.withLock { $0.ownsStagingFile = false }
    }

    /// Removes the staging name; the content that was linked from it stays.
    func discard() {
        state.withLock { state in
            if state.descriptor >= 0 {
                close(state.descriptor)
                state.descriptor = -1
            }
            if state.ownsStagingFile {
                unlink(path)
                state.ownsStagingFile = false
            }
        }
    }
}
