import AsyncHTTPClient
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import PaymentStub
import Payments
import ServiceLifecycle
import Synchronization

/// A running stub on a port of its own, with a provider that talks to it.
struct StubHarness {
    static let secretKey = "sk_test_harness"
    static let webhookSecrets = ["whsec_new", "whsec_old"]

    let baseURL: String
    let directory: String

    var journalPath: String { directory + "/journal.jsonl" }

    func provider(timeout: Duration = .seconds(20), attempts: Int = 1) -> HTTPPaymentProvider {
        HTTPPaymentProvider(
            HTTPPaymentProviderConfiguration(
                baseURL: baseURL,
                secretKey: Self.secretKey,
                webhookSecrets: Self.webhookSecrets,
                requestTimeout: timeout,
                maximumAttempts: attempts,
                retryDelay: .milliseconds(1)
            ),
            logger: quiet
        )
    }

    /// Starts a stub in `directory` (a temporary one when nil) for the length of `body`.
    static func run<Value: Sendable>(
        directory: String? = nil,
        webhookURL: String? = nil,
        change: (inout PaymentStubConfiguration) -> Void = { _ in },
        _ body: (StubHarness) async throws -> Value
    ) async throws -> Value {
        guard let directory else {
            return try await withTemporaryDirectory { directory in
                try await run(directory: directory, webhookURL: webhookURL, change: change, body)
            }
        }
        var configuration = PaymentStubConfiguration(
            dataDirectory: directory,
            secretKey: secretKey,
            webhookURL: webhookURL,
            webhookSecrets: webhookSecrets,
            webhookBackoff: .milliseconds(5),
            webhookMaximumBackoff: .milliseconds(20),
            refundFailureDelay: .milliseconds(1)
        )
        change(&configuration)
        return try await withPaymentStub(configuration, logger: quiet) { baseURL in
            try await body(StubHarness(baseURL: baseURL, directory: directory))
        }
    }

    struct Answer: Sendable {
        var status: Int
        /// The Idempotent-Replayed header.
        var replayed: String?
        var bytes: [UInt8]

        func json() throws -> JSON { try JSONDecoder().decode(JSON.self, from: Data(bytes)) }
        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    enum Method: String {
        case get = "GET"
        case post = "POST"
    }

    /// Sends a raw request, for what the provider would not send.
    func send(
        _ method: Method,
        _ path: String,
        _ body: String? = nil,
        key: String? = nil,
        authorization: String? = "Bearer \(secretKey)"
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: path.hasPrefix("http") ? path : baseURL + path)
        request.method = .init(rawValue: method.rawValue)
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        if let key { request.headers.add(name: "Idempotency-Key", value: key) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let bytes = Array(buffer: try await response.body.collect(upTo: 1 << 20))
        let replayed = response.headers.first(name: "Idempotent-Replayed")
        return Answer(status: Int(response.status.code), replayed: replayed, bytes: bytes)
    }

    func setFaults(_ json: String) async throws {
        let answer = try await send(.post, "/v1/test/faults", json)
        guard answer.status == 200 else { throw HarnessError(description: answer.text) }
    }

    func events(type: String? = nil) async throws -> [JSON] {
        try await send(.get, "/v1/events?limit=100" + (type.map { "&type=\($0)" } ?? "")).json()["data"].array
    }
}

struct HarnessError: Error, CustomStringConvertible {
    var description: String
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

func withTemporaryDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let url = FileManager.default.temporaryDirectory.appending(path: "sunset-payments-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }  // A leftover in the temporary folder harms nobody.
    return try await body(url.path)
}

extension Card {
    static func test(_ number: String) -> Card {
        Card(number: number, expMonth: 12, expYear: Calendar.current.component(.year, from: Date()) + 2, cvc: "123")
    }
}

extension PaymentProvider {
    /// Creates and confirms an intent for 1999 cents.
    func pay(_ number: String, capture: CaptureMethod = .automatic, key: String = "k") async throws -> PaymentIntent {
        let method = try await createPaymentMethod(.test(number))
        let intent = try await createIntent(
            amount: PaymentAmount(amount: 1_999, currency: "EUR"),
            captureMethod: capture,
            paymentMethod: method.id,
            metadata: ["order": "ord_1"],
            idempotencyKey: key
        )
        return try await confirm(intent: intent.id, paymentMethod: nil, authentication: nil, idempotencyKey: key)
    }
}

/// Receives webhooks on a port of its own and remembers them.
final class WebhookReceiver: Sendable {
    struct Delivery: Sendable {
        var body: [UInt8]
        var signature: String

        func event() throws -> PaymentEvent { try JSONDecoder().decode(PaymentEvent.self, from: Data(body)) }
    }

    private struct State {
        var refusals: Int
        var deliveries: [Delivery] = []
    }

    private let state: Mutex<State>
    private let arrived = AsyncStream<Void>.makeStream()

    private init(refusals: Int) {
        state = Mutex(State(refusals: refusals))
    }

    var deliveries: [Delivery] { state.withLock { $0.deliveries } }

    /// Waits until `count` deliveries have come, refused ones included.
    func wait(for count: Int) async throws -> [PaymentEvent] {
        if deliveries.count < count {
            for await _ in arrived.stream where deliveries.count >= count { break }
        }
        return try deliveries.map { try $0.event() }
    }

    /// Runs a receiver that answers 503 to the first `refusals` deliveries.
    static func run<Value: Sendable>(
        refusals: Int = 0,
        _ body: (_ receiver: WebhookReceiver, _ url: String) async throws -> Value
    ) async throws -> Value {
        let receiver = WebhookReceiver(refusals: refusals)
        let router = Router()
        router.post("hook") { request, _ in
            let bytes = Array(buffer: try await request.body.collect(upTo: 1 << 20))
            let signature = request.headers.first { $0.name.canonicalName == "payment-signature" }?.value ?? ""
            let refused = receiver.state.withLock { state in
                state.deliveries.append(Delivery(body: bytes, signature: signature))
                state.refusals -= 1
                return state.refusals >= 0
            }
            receiver.arrived.continuation.yield()
            return refused ? HTTPResponse.Status.serviceUnavailable : .ok
        }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) },
            logger: quiet
        )
        let group = ServiceGroup(configuration: .init(services: [application], logger: quiet))
        async let running: Void = group.run()
        guard let port = await ports.first(where: { _ in true }) else { throw HarnessError(description: "no port") }
        do {
            let value = try await body(receiver, "http://127.0.0.1:\(port)/hook")
            await group.triggerGracefulShutdown()
            try await running
            return value
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
    }
}

/// A JSON value to look into.
enum JSON: Decodable, Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case list([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    subscript(key: String) -> JSON {
        guard case .object(let members) = self else { return .null }
        return members[key] ?? .null
    }

    var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    var array: [JSON] {
        guard case .list(let value) = self else { return [] }
        return value
    }
}
