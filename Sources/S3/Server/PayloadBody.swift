import Hummingbird
import NIOCore
import Synchronization

/// A request's body without the framing of `aws-chunked`.
struct PayloadBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let body: RequestBody
    /// Nil where the body is not framed.
    let decoder: ChunkDecoder?
    /// Filled when the body has ended.
    let trailer: Trailer

    /// The fields after a body.
    final class Trailer: Sendable {
        private let fields = Mutex<[String: String]>([:])

        func set(_ new: [String: String]) {
            fields.withLock { $0 = new }
        }

        subscript(name: String) -> String? {
            fields.withLock { $0[name] }
        }
    }

    struct Iterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        var decoder: ChunkDecoder?
        let trailer: Trailer
        var pending = ByteBuffer()

        @concurrent
        mutating func next() async throws -> ByteBuffer? {
            guard decoder != nil else { return try await base.next() }
            while true {
                if let data = try decoder?.next(&pending) {
                    return data
                }
                guard let buffer = try await base.next() else { break }
                pending = buffer
            }
            guard let decoder, decoder.isComplete else { throw S3Error.incompleteBody }
            trailer.set(decoder.trailer)
            return nil
        }
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(base: body.makeAsyncIterator(), decoder: decoder, trailer: trailer)
    }
}
