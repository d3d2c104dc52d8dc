internal import Foundation
public import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
public import ServiceLifecycle

/// Answers `GET /metrics` with a text that is made for each request; for Prometheus, or for a pool that gathers its workers.
///
/// It stands on NIO alone: a worker needs no router for one path.
public struct MetricsServer: Service {
    /// Where it listens: never an address that the public can reach.
    public enum Address: Sendable, Hashable {
        /// A host and a port; 0 means any free one.
        case tcp(host: String, port: Int)
        /// A Unix socket; what lies at the path is replaced.
        case unix(path: String)
    }

    private let address: Address
    private let logger: Logger
    private let onBound: @Sendable (Int?) -> Void
    private let text: @Sendable () async -> String

    /// Creates a server.
    ///
    /// - Parameters:
    ///   - onBound: called with the port once it listens; `nil` for a Unix socket.
    ///   - text: makes the answer, in Prometheus's text format 0.0.4.
    public init(
        _ address: Address, logger: Logger, onBound: @Sendable @escaping (Int?) -> Void = { _ in },
        text: @Sendable @escaping () async -> String
    ) {
        self.address = address
        self.logger = logger
        self.onBound = onBound
        self.text = text
    }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: what the system says when the address can't be bound.
    public func run() async throws {
        // A socket's path is short (unix(7)); a process without metrics is better than none.
        if case .unix(let path) = address, path.utf8.count > 100 {
            logger.warning("metrics are not served: the socket's path is over 100 bytes", metadata: ["path": "\(path)"])
            try? await gracefulShutdown()  // cancelled: the end as well
            return
        }
        let text = text
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 16)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(MetricsHandler(text: text))
                }
            }
        let channel =
            switch address {
            case .tcp(let host, let port): try await bootstrap.bind(host: host, port: port).get()
            case .unix(let path):
                try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            }
        logger.info("metrics are served", metadata: ["address": "\(address)"])
        onBound(channel.localAddress?.port)
        do {
            try await gracefulShutdown()
        } catch is CancellationError {
            // The end like any other: the socket is closed below.
        }
        try await channel.close()
        if case .unix(let path) = address { unlink(path) }
    }
}

/// One request after another on a connection; the answer is made by a task and written on the event loop.
private final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let text: @Sendable () async -> String
    private var head: HTTPRequestHead?

    init(text: @Sendable @escaping () async -> String) {
        self.text = text
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, context.channel)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ channel: any Channel) {
        let path = head.uri.prefix { $0 != "?" }
        guard path == "/metrics", head.method == .GET || head.method == .HEAD else {
            let status: HTTPResponseStatus = path == "/metrics" ? .methodNotAllowed : .notFound
            return MetricsAnswer.write("only GET /metrics is answered here\n", status, head, channel)
        }
        let text = text
        // Owned by the connection's life: when that ends, the write fails and nothing is left.
        Task { MetricsAnswer.write(await text(), .ok, head, channel) }
    }

}

private enum MetricsAnswer {
    static func write(
        _ text: String, _ status: HTTPResponseStatus, _ head: HTTPRequestHead, _ channel: any Channel
    ) {
        let isHead = head.method == .HEAD
        let keepsAlive = head.isKeepAlive
        let headers: HTTPHeaders = [
            "content-type": "text/plain; version=0.0.4; charset=utf-8", "content-length": "\(text.utf8.count)",
            "connection": keepsAlive ? "keep-alive" : "close",
        ]
        channel.write(
            HTTPServerResponsePart.head(HTTPResponseHead(version: head.version, status: status, headers: headers)),
            promise: nil)
        if !isHead {
            channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: text))), promise: nil)
        }
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
            if !keepsAlive { channel.close(promise: nil) }
        }
    }
}
