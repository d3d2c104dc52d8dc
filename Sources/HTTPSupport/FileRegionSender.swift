import HTTPTypes
package import Hummingbird
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes
import Synchronization

/// Lets a response's body contain pieces of files, which the kernel sends without a copy to this process (sendfile).
///
/// Hummingbird's bodies are buffers. A body that wants to send a piece leaves it here and writes an empty buffer, which
/// means nothing else; this handler puts the piece in its place, below the codec that knows buffers only. So pieces keep
/// their place among buffers, head and end.
///
/// For HTTP/1 in plain text, and for bodies with a `Content-Length`: a piece is not framed.
package final class FileRegionSender: ChannelOutboundHandler, RemovableChannelHandler, Sendable {
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private struct Piece {
        var region: FileRegion
        var sent: EventLoopPromise<Void>
    }

    private enum State {
        case idle
        case waiting(Piece)
        case ended
    }

    /// The senders of all connections, since a body knows only its channel.
    private static let all = Mutex<[ObjectIdentifier: FileRegionSender]>([:])

    private let state = Mutex(State.idle)

    package init() {}

    /// The sender of a connection; nil where none is, and where it has ended.
    package static func of(_ channel: any Channel) -> FileRegionSender? {
        all.withLock { $0[ObjectIdentifier(channel)] }
    }

    /// Sends a piece of a file, and returns when the kernel has taken all of it.
    ///
    /// One at a time. Cancellation closes the connection, since a body that lacks bytes has no other end.
    ///
    /// - Parameters:
    ///   - piece: Offsets in the file.
    ///   - descriptor: The open file; it must stay open until this returns, and stays the caller's.
    ///   - channel: The connection.
    ///   - writer: The body.
    @concurrent
    package func send(
        _ piece: Range<Int64>, of descriptor: CInt, on channel: any Channel, to writer: inout any ResponseBodyWriter
    ) async throws {
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
        // Nobody uses the handle any more, so giving the descriptor back can't fail.
        defer { _ = try? handle.takeDescriptorOwnership() }
        let sent = channel.eventLoop.makePromise(of: Void.self)
        let region = FileRegion(
            fileHandle: handle, readerIndex: Int(piece.lowerBound), endIndex: Int(piece.upperBound))
        let isOpen = state.withLock { state in
            guard case .idle = state else { return false }
            state = .waiting(Piece(region: region, sent: sent))
            return true
        }
        if isOpen {
            do {
                try await writer.write(ByteBuffer())
            } catch {
                take()?.sent.fail(error)
            }
        } else {
            sent.fail(ChannelError.ioOnClosedChannel)
        }
        // In every case the promise is kept before this returns, so that nobody reads from the descriptor afterwards.
        try await withTaskCancellationHandler {
            try await sent.futureResult.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .body(let buffer) = unwrapOutboundIn(data), buffer.readableBytes == 0, let piece = take() else {
            context.write(data, promise: promise)
            return
        }
        piece.sent.futureResult.cascade(to: promise)
        do {
            // From the encoder's place on: what is written there goes to the socket as it is.
            let encoder = try context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
            encoder.write(NIOAny(IOData.fileRegion(piece.region)), promise: piece.sent)
        } catch {
            piece.sent.fail(error)
        }
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        Self.all.withLock { $0[ObjectIdentifier(context.channel)] = self }
    }

    /// The connection has ended; a piece whose marker will not come any more has failed.
    package func handlerRemoved(context: ChannelHandlerContext) {
        Self.all.withLock { $0[ObjectIdentifier(context.channel)] = nil }
        let left = state.withLock { state -> Piece? in
            defer { state = .ended }
            guard case .waiting(let piece) = state else { return nil }
            return piece
        }
        left?.sent.fail(ChannelError.ioOnClosedChannel)
    }

    private func take() -> Piece? {
        state.withLock { state in
            guard case .waiting(let piece) = state else { return nil }
            state = .idle
            return piece
        }
    }
}
