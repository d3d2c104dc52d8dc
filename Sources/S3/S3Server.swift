public import Foundation
import HTTPSupport
public import Hummingbird
public import Logging
public import NIOCore
public import ObjectStore

/// What the S3 server is told from outside.
public struct S3Configuration: Sendable {
    /// The address that it listens on.
    public var host: String
    /// The port; 0: any free one.
    public var port: Int
    /// The region that it says it is in; requests may be signed for any.
    public var region: String
    /// The time, for signatures.
    public var now: @Sendable () -> Date
    /// Called after an object was written (by a put, a copy or a completed upload) and before it is acknowledged.
    ///
    /// What it throws is the answer, but the object stays.
    public var didWrite: @Sendable (ObjectInfo, AccessKey) async throws -> Void
    /// Called when a request came, for metrics.
    public var didBegin: @Sendable () -> Void = {}
    /// Called when a request's answer begins, for metrics.
    public var didAnswer: @Sendable (S3Answer) -> Void = { _ in }

    /// Makes a configuration.
    public init(
        host: String = "127.0.0.1",
        port: Int,
        region: String = "us-east-1",
        now: @escaping @Sendable () -> Date = { Date() },
        didWrite: @escaping @Sendable (ObjectInfo, AccessKey) async throws -> Void = { _, _ in }
    ) {
        self.host = host
        self.port = port
        self.region = region
        self.now = now
        self.didWrite = didWrite
    }
}

/// An answer that begins.
public struct S3Answer: Sendable {
    /// The request's method.
    public let method: String
    /// The operation by S3's name, `GetObject` for instance; `Unknown` for what is none.
    ///
    /// Never a bucket or a key.
    public let operation: String
    /// The answer's status.
    public let status: Int
    /// How long the request's head was ago.
    public let elapsed: Duration
}

/// Builds the server that speaks S3's REST protocol, path-style, over a store.
///
/// It stops taking connections at graceful shutdown and lets running requests end.
///
/// - Parameter onServerRunning: Called with the listening channel, whose address has the port that was taken.
public func buildS3Server(
    store: any S3Store,
    keys: any AccessKeys,
    configuration: S3Configuration,
    logger: Logger,
    onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
) -> some ApplicationProtocol {
    Application(
        responder: CountingResponder(
            responder: S3Responder(
                store: store, authenticator: Authenticator(keys: keys, now: configuration.now),
                region: configuration.region, didWrite: configuration.didWrite, logger: logger),
            didBegin: configuration.didBegin, didAnswer: configuration.didAnswer),
        server: .http1(
            configuration: .init(
                additionalChannelHandlers: [FileRegionSender(), ConnectionCloser()], idleTimeout: .seconds(60))),
        configuration: .init(
            address: .hostname(configuration.host, port: configuration.port), serverName: "sunset", backlog: 1024),
        onServerRunning: onServerRunning,
        logger: logger)
}
