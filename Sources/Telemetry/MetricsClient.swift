internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Reads the metrics of another process over its Unix socket.
public enum MetricsClient {
    /// Thrown when no whole answer came.
    public struct Failure: Error, CustomStringConvertible {
        /// What went wrong.
        public let description: String
    }

    /// The text of `GET /metrics`.
    ///
    /// - Throws: ``Failure`` when the process answers otherwise or not within `timeout`, or what the socket says.
    public static func read(socket path: String, timeout: Duration = .seconds(2)) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.nanoseconds(Int64(timeout / .nanoseconds(1))))
            .connect(unixDomainSocketPath: path) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        return try await withThrowingTaskGroup(of: String.self) { group in
            group.addTask { try await exchange(channel) }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw Failure(description: "\(path) did not answer within \(timeout)")
            }
            defer { group.cancelAll() }
            guard let text = try await group.next() else { throw Failure(description: "\(path) was not asked") }
            return text
        }
    }

    private static func exchange(
        _ channel: NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>
    ) async throws -> String {
        try await channel.executeThenClose { inbound, outbound in
            let headers: HTTPHeaders = ["host": "metrics", "connection": "close"]
            try await outbound.write(
                .head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/metrics", headers: headers)))
            try await outbound.write(.end(nil))
            var text = ""
            for try await part in inbound {
                switch part {
                case .head(let head) where head.status != .ok:
                    throw Failure(description: "the process answered \(head.status.code)")
                case .head: break
                case .body(let buffer): text += String(buffer: buffer)
                case .end: return text
                }
            }
            throw Failure(description: "the answer ended early")
        }
    }
}
