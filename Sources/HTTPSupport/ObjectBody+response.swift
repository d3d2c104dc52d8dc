package import Hummingbird
package import NIOCore
package import ObjectStore

extension ObjectBody {
    /// Writes all bytes into a response's body, piece by piece: as regions of their file where object and connection
    /// allow it, else as buffers.
    ///
    /// - Parameter didSend: Called after each piece with its bytes; what it throws ends the transfer.
    @concurrent
    package func write(
        to writer: inout any ResponseBodyWriter, on channel: any Channel,
        didSend: (Int) async throws -> Void = { _ in }
    ) async throws {
        guard let file, let sender = FileRegionSender.of(channel) else {
            for try await chunk in chunks {
                let count = chunk.readableBytes
                try await writer.write(chunk)
                try await didSend(count)
            }
            return
        }
        for piece in file.pieces {
            try await file.load(piece)
            try await sender.send(piece, of: file.descriptor, on: channel, to: &writer)
            try await didSend(piece.count)
        }
    }

    /// All bytes as a response's body.
    package func responseBody(on channel: any Channel) -> ResponseBody {
        if let buffer { return ResponseBody(byteBuffer: buffer) }
        return ResponseBody(contentLength: range.count) { writer in
            try await write(to: &writer, on: channel)
            try await writer.finish(nil)
        }
    }
}
