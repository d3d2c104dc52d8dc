public import NIOCore
import Synchronization

/// An object that is open for reading.
public struct ObjectBody: Sendable {
    /// The object; `info.size` is its whole size, whatever the range.
    public var info: ObjectInfo
    /// The bytes that ``chunks`` delivers: `0 ..< info.size` without a range.
    public var range: Range<Int64>
    /// The bytes, to be iterated once.
    public var chunks: ObjectChunks
    /// The same bytes as a file, where they are one on this machine and too many for a buffer.
    public var file: ObjectFile?
    /// All of the bytes, where they are so few that they were read when the object was opened.
    public var buffer: ByteBuffer?

    /// Describes an open object.
    public init(
        info: ObjectInfo, range: Range<Int64>, chunks: ObjectChunks, file: ObjectFile? = nil,
        buffer: ByteBuffer? = nil
    ) {
        self.info = info
        self.range = range
        self.chunks = chunks
        self.file = file
        self.buffer = buffer
    }

    /// All bytes in memory, for small objects.
    ///
    /// Throws `.tooLarge` when the range has more than `limit` bytes.
    public func collect(upTo limit: Int) async throws -> ByteBuffer {
        guard range.count <= limit else {
            throw ObjectStoreError(.tooLarge, "\(range.count) bytes, at most \(limit) may be collected")
        }
        var all = ByteBufferAllocator().buffer(capacity: range.count)
        for try await var chunk in chunks {
            all.writeBuffer(&chunk)
        }
        return all
    }
}

/// A stream of buffers whose source is hidden.
///
/// It can be iterated once: a second iteration goes on where the first one stopped.
public struct ObjectChunks: AsyncSequence, Sendable {
    /// The element.
    public typealias Element = ByteBuffer

    private let next: @Sendable () async throws -> ByteBuffer?

    /// Wraps a function that returns the next buffer, nil at the end.
    ///
    /// It is never called twice at once by one iterator.
    public init(_ next: @escaping @Sendable () async throws -> ByteBuffer?) {
        self.next = next
    }

    /// A stream of one buffer.
    public init(_ buffer: ByteBuffer) {
        let rest = Mutex<ByteBuffer?>(buffer)
        self.next = {
            rest.withLock { rest in
                defer { rest = nil }
                return rest
            }
        }
    }

    /// Starts the iteration, or goes on with it.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(next: next)
    }

    /// The iterator.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let next: @Sendable () async throws -> ByteBuffer?

        /// The next buffer, nil at the end.
        ///
        /// Throws what the source throws.
        public mutating func next() async throws -> ByteBuffer? {
            try await next()
        }
    }
}
