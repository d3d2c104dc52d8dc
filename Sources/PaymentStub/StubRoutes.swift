import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Payments
import ServiceLifecycle
import Telemetry

/// The stub's HTTP surface: the resources' routes stand in extensions, what they share stands here.
struct StubRoutes: Sendable {
    private static let maximumBodyBytes = 64 << 10
    private static let maximumKeyBytes = 255

    let configuration: PaymentStubConfiguration
    let store: StubStore
    let faults: Faults
    let metrics: RequestMetrics
    let logger: Logger

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: StubMetricsMiddleware(metrics: metrics))
        router.get("/health/live") { _, _ in try await live() }
        addChallenge(to: router)
        let v1 = router.group("v1").add(middleware: StubErrorMiddleware(logger: logger))
            .add(middleware: SecretKeyMiddleware(secretKey: configuration.secretKey))
        addFaults(to: v1)
        addPayments(to: v1)
        addEvents(to: v1)
        return router
    }

    /// Alive while answers can be made durable.
    private func live() async throws -> Response {
        do {
            try await store.read { _ in }
            return try json(200, ["status": "ok"])
        } catch {
            logger.critical("the journal failed", metadata: ["error": "\(error)"])
            return try json(500, ["status": "failed"])
        }
    }

    /// Runs a request that changes something: faults, idempotency, durability.
    func change(
        _ request: Request,
        _ body: [UInt8],
        _ operation: @Sendable @escaping (inout StubState, Date) throws -> Reply
    ) async throws -> Response {
        guard let key = request.headers[.idempotencyKey] else {
            try await faults.beforeRequest()
            let reply = try await store.commit(key: nil, operation)
            return try await answer(reply)
        }
        guard (1...Self.maximumKeyBytes).contains(key.utf8.count) else {
            throw StubError.invalid("idempotency_key_invalid", "An Idempotency-Key has 1 to 255 characters.")
        }
        let fingerprint = Self.fingerprint(request, body)
        if let reply = try await store.claim(key, fingerprint: fingerprint) {
            try await faults.beforeRequest()
            var response = response(reply)
            response.headers[.idempotentReplayed] = "true"
            return response
        }
        let reply: Reply
        do {
            try await faults.beforeRequest()
            reply = try await store.commit(key: (key, fingerprint), operation)
        } catch {
            await store.release(key)
            throw error
        }
        return try await answer(reply)
    }

    func collect(_ request: Request) async throws -> [UInt8] {
        do {
            return Array(buffer: try await request.body.collect(upTo: Self.maximumBodyBytes))
        } catch is NIOTooManyBytesError {
            throw StubError(
                status: 413,
                kind: .invalidRequest,
                code: "body_too_large",
                message: "A body has at most \(Self.maximumBodyBytes) bytes."
            )
        }
    }

    func json(_ status: Int, _ value: some Encodable) throws -> Response {
        response(Reply(status: status, body: try StubJSON.encode(value)))
    }

    func response(_ reply: Reply) -> Response {
        Response(
            status: .init(code: reply.status),
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: reply.body))
        )
    }

    /// Sends the answer, or loses it if a knob says so: everything has happened by now.
    private func answer(_ reply: Reply) async throws -> Response {
        guard faults.takeLostAnswer() else { return response(reply) }
        try? await cancelWhenGracefulShutdown {  // Cut short by a shutdown, the answer is lost all the same.
            try await Task.sleep(for: configuration.lostAnswerDelay)
        }
        throw StubError(status: 504, kind: .api, code: "injected_fault", message: "The answer was lost on purpose.")
    }

    /// The same request is the same method, path and parameters; the order of JSON members does not matter.
    private static func fingerprint(_ request: Request, _ body: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(data: Data("\(request.method.rawValue) \(request.uri.path)\n".utf8))
        let canonical = (try? JSONSerialization.jsonObject(with: Data(body))).flatMap { object in
            try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
        }
        // What is no JSON is compared as bytes; it will be refused before it is stored.
        hash.update(data: canonical ?? Data(body))
        return Data(hash.finalize()).base64EncodedString()
    }
}

extension HTTPField.Name {
    static let idempotencyKey = named("Idempotency-Key")
    static let idempotentReplayed = named("Idempotent-Replayed")

    private static func named(_ token: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(token) else { preconditionFailure("not a token: \(token)") }
        return name
    }
}

/// Turns refusals into their answers.
struct StubErrorMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    let logger: Logger

    func handle(_ input: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response)
        async throws
        -> Response
    {
        do {
            return try await next(input, context)
        } catch let error as StubError {
            return try Self.response(error)
        } catch let error as any HTTPResponseError {
            throw error
        } catch {
            logger.error("request failed", metadata: ["path": "\(input.uri.path)", "error": "\(error)"])
            return try Self.response(
                StubError(status: 500, kind: .api, code: "internal", message: "An internal error occurred."))
        }
    }

    static func response(_ error: StubError) throws -> Response {
        Response(
            status: .init(code: error.status),
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: try StubJSON.encode(error)))
        )
    }
}

/// Lets in who has the secret key.
struct SecretKeyMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    private let expected: SHA256Digest

    init(secretKey: String) {
        expected = SHA256.hash(data: Data("Bearer \(secretKey)".utf8))
    }

    func handle(_ input: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response)
        async throws
        -> Response
    {
        // Comparing digests takes the same time whatever differs, also in length.
        let given = SHA256.hash(data: Data((input.headers[.authorization] ?? "").utf8))
        guard given == expected else {
            throw StubError(
                status: 401,
                kind: .authentication,
                code: "invalid_api_key",
                message: "Send the secret key as a bearer token."
            )
        }
        return try await next(input, context)
    }
}
