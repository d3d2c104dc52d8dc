import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Ends a connection after an answer that says `Connection: close`.
///
/// Hummingbird reads the rest of a request's body after the answer, so that a refused upload would be received to its
/// last byte. Closing at once instead would make the kernel send a reset, which can destroy the answer before the client
/// read it. So: the sending side is closed after the answer, what still comes is read and dropped for a moment, then all
/// is closed (the lingering close of RFC 9112 §9.6).
package final class ConnectionCloser: ChannelOutboundHandler, RemovableChannelHandler {
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private let linger: TimeAmount
    private var closes = false

    package init(linger: TimeAmount = .seconds(3)) {
        self.linger = linger
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind != .informational:
            closes = head.headerFields[.connection]?.lowercased() == "close"
        case .end where closes:
            let written = promise ?? context.eventLoop.makePromise(of: Void.self)
            let channel = context.channel
            let linger = linger
            written.futureResult.whenComplete { _ in
                channel.close(mode: .output, promise: nil)
                channel.eventLoop.scheduleTask(in: linger) { channel.close(promise: nil) }
            }
            context.write(data, promise: written)
            return
        default: break
        }
        context.write(data, promise: promise)
    }
}
