import Glibc
import NIOCore
import Synchronization

/// Reads a range of one content file, chunk by chunk, on the store's threads.
///
/// The open descriptor keeps the bytes, even when the object is deleted and its file unlinked meanwhile.
final class ContentReader: Sendable {
    let range: Range<Int64>
    let descriptor: Int32
    private let offset: Mutex<Int64>
    /// Held, because its end ends the threads that this reads on.
    private let store: DirectoryStore

    /// Opens the file, and fails when it has not the size that the index says.
    init(_ path: String, _ size: Int64, _ range: Range<Int64>, _ store: DirectoryStore) throws {
        self.descriptor = try Posix.open(path, O_RDONLY)
        self.range = range
        self.offset = Mutex(range.lowerBound)
        self.store = store
        let actual = try Int64(Posix.status(descriptor).st_size)
        guard actual == size else {
            throw ObjectStoreError(.storage, "\(path) has \(actual) bytes instead of \(size)")
        }
    }

    deinit {
        // Closing the last name of an unlinked file frees its blocks, which takes time for a large one.
        store.pool.detach { [descriptor] in close(descriptor) }
    }

    /// All bytes of a range that is not longer than a chunk, as they are read when the file is opened anyway.
    func readAll() throws -> ByteBuffer {
        offset.withLock { $0 = range.upperBound }
        return try read(at: range.lowerBound, count: range.count)
    }

    /// Sees that a piece is in the page cache.
    func load(_ piece: Range<Int64>) async throws {
        try Task.checkCancellation()
        try await store.pool.run { [descriptor, self] in
            try DirectoryStore.reportingStorage {
                guard !Posix.isResident(descriptor, piece) else { return }
                let chunk = Int64(DirectoryStore.chunkSize)
                for start in stride(from: piece.lowerBound, to: piece.upperBound, by: Int(chunk)) {
                    _ = try read(at: start, count: Int(min(chunk, piece.upperBound - start)))
                }
            }
        }
    }

    func next() async throws -> ByteBuffer? {
        let start = offset.withLock { offset in
            defer { offset = min(offset + Int64(DirectoryStore.chunkSize), range.upperBound) }
            return offset
        }
        let count = min(DirectoryStore.chunkSize, Int(range.upperBound - start))
        guard count > 0 else { return nil }
        try Task.checkCancellation()
        return try await store.pool.run { [self] in
            try DirectoryStore.reportingStorage { try read(at: start, count: count) }
        }
    }

    private func read(at start: Int64, count: Int) throws -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        let read = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            let target = UnsafeMutableRawBufferPointer(rebasing: space.prefix(count))
            return try Posix.read(descriptor, into: target, at: start)
        }
        guard read == count else {
            throw ObjectStoreError(.storage, "a content file ended at \(start + Int64(read)) of \(range)")
        }
        return buffer
    }
}
