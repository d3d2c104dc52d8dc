import Foundation
import Hummingbird
import Logging
import NIOCore
import ObjectStore
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import S3

let quietLogger: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}()

/// A server on a new store, for the time of a test.
struct TestServer {
    let port: Int
    let store: DirectoryStore

    var endpoint: String { "http://127.0.0.1:\(port)" }

    static let everything = AccessKey(id: "AKEVERYTHING", secret: "secret/of+all", owner: "operator", grants: [.init()])
    static let seller = AccessKey(
        id: "AKSELLER", secret: "secret of a seller", owner: "seller",
        grants: [AccessGrant(bucket: "goods", prefix: "seller/"), AccessGrant(bucket: "open", access: .read)])

    static func run(
        keys: any AccessKeys = StaticAccessKeys([everything, seller]),
        logger: Logger = quietLogger,
        didWrite: @escaping @Sendable (ObjectInfo, AccessKey) async throws -> Void = { _, _ in },
        didBegin: @escaping @Sendable () -> Void = {},
        didAnswer: @escaping @Sendable (S3Answer) -> Void = { _ in },
        _ body: (TestServer) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let store = try await DirectoryStore(directory: directory.file("store"), logger: quietLogger)
            let (ports, found) = AsyncStream.makeStream(of: Int.self)
            var configuration = S3Configuration(port: 0, didWrite: didWrite)
            configuration.didBegin = didBegin
            configuration.didAnswer = didAnswer
            let server = buildS3Server(
                store: store, keys: keys, configuration: configuration, logger: logger
            ) { channel in
                found.yield(channel.localAddress?.port ?? 0)
            }
            let group = ServiceGroup(services: [server], logger: quietLogger)
            async let running: Void = group.run()
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(TestServer(port: port, store: store)))
            } catch {
                result = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await running
            try result.get()
        }
    }

    /// Sends raw bytes and returns all that comes back until the server closes or `count` answers' ends were seen.
    ///
    /// Blocks; the connection asks to be closed by its request.
    /// - Parameter hangsUp: Whether the client says, once it has sent this, that it will send no more.
    func exchange(_ text: String, _ body: [UInt8] = [], hangsUp: Bool = false) throws -> String {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw TestSupportError("no connection to \(port)") }
        let bytes = Array(text.utf8) + body
        guard send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw TestSupportError("the request was not taken")
        }
        if hangsUp {
            shutdown(socket, Int32(SHUT_WR))
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = recv(socket, &buffer, buffer.count, 0), count > 0 {
            answer += buffer.prefix(count)
        }
        return String(decoding: answer, as: UTF8.self)
    }
}

/// A client that signs as it is told, to ask what no well-behaved client asks.
struct RawClient {
    var key = TestServer.everything
    var time = Date()
    var region = "us-east-1"

    var timestamp: String {
        let text = time.formatted(Date.ISO8601FormatStyle())
        return text.filter { $0 != "-" && $0 != ":" }
    }

    var scope: SignatureV4.Scope { .init(day: String(timestamp.prefix(8)), region: region) }
    var signer: SignatureV4.Signer { .init(secret: key.secret, scope: scope, time: timestamp) }

    /// The head of a signed request, and its signature.
    func head(
        _ method: String,
        _ path: String,
        headers extra: [String: String] = [:],
        payload: String = SignatureV4.unsignedPayload,
        unsigned: [String: String] = [:]
    ) throws -> (text: String, signature: String) {
        let target = try #require(S3Target(path))
        var headers = extra
        headers["host"] = "test"
        headers["x-amz-date"] = timestamp
        headers["x-amz-content-sha256"] = payload
        let sorted = headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        let canonical = SignatureV4.canonicalRequest(
            method: method, path: target.canonicalPath, query: target.query, headers: sorted, payload: payload)
        let signature = signer.signature(of: signer.stringToSign(canonicalRequest: canonical))
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(key.id)/\(scope.description), "
            + "SignedHeaders=\(sorted.map(\.name).joined(separator: ";")), Signature=\(signature)"
        let lines = (sorted + unsigned.map { ($0.key, $0.value) }).map { "\($0.0): \($0.1)\r\n" }.joined()
        let text = "\(method) \(path) HTTP/1.1\r\n\(lines)authorization: \(authorization)\r\nconnection: close\r\n\r\n"
        return (text, signature)
    }
}

/// A logger whose errors are kept.
final class RecordedLog: Sendable {
    private let lines = Mutex<[String]>([])

    /// The message and the error of each.
    var errors: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .error

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.lines.withLock { $0.append("\(event.message): \(event.metadata?["error"]?.description ?? "")") }
        }
    }
}
