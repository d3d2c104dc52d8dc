public import AsyncHTTPClient
public import Foundation
public import Logging
import NIOCore

/// A payment service spoken to over HTTP, in the stub's dialect.
public struct HTTPPaymentProvider: PaymentProvider {
    private let transport: PaymentTransport
    private let signature: WebhookSignature

    /// Creates a provider.
    /// - Parameters:
    ///   - client: The HTTP client to use; nil is one shared by the process, with a connect timeout of two seconds.
    ///   - logger: Receives retries and failures, never bodies.
    public init(_ configuration: HTTPPaymentProviderConfiguration, client: HTTPClient? = nil, logger: Logger) {
        transport = PaymentTransport(configuration: configuration, client: client ?? .payments, logger: logger)
        signature = WebhookSignature(secrets: configuration.webhookSecrets)
    }

    /// Exchanges a card for a token; the number goes to the provider and is kept nowhere else.
    public func createPaymentMethod(_ card: Card) async throws(PaymentError) -> PaymentMethod {
        try await transport.post("/v1/payment_methods", key: nil, body: WireCard(card: .init(card)))
    }

    /// Creates an intent to collect `amount`; no money moves until it is confirmed.
    public func createIntent(
        amount: PaymentAmount,
        captureMethod: CaptureMethod,
        paymentMethod: String?,
        metadata: [String: String],
        idempotencyKey: String
    ) async throws(PaymentError) -> PaymentIntent {
        let body = WireIntent(
            amount: amount.amount,
            currency: amount.currency,
            captureMethod: captureMethod,
            paymentMethod: paymentMethod,
            metadata: metadata
        )
        return try await transport.post("/v1/payment_intents", key: "create:\(idempotencyKey)", body: body)
    }

    /// Attempts the payment, or answers its challenge when `authentication` is given.
    public func confirm(
        intent: String,
        paymentMethod: String?,
        authentication: Authentication?,
        idempotencyKey: String
    ) async throws(PaymentError) -> PaymentIntent {
        let operation = authentication == nil ? "confirm" : "authenticate"
        let body = WireConfirmation(paymentMethod: paymentMethod, authentication: authentication)
        return try await transport.post(
            "/v1/payment_intents/\(try segment(intent))/confirm", key: "\(operation):\(idempotencyKey)", body: body)
    }

    /// Collects an authorized amount (minor units), or all of it.
    public func capture(
        intent: String,
        amount: Int64?,
        idempotencyKey: String
    ) async throws(PaymentError) -> PaymentIntent {
        try await transport.post(
            "/v1/payment_intents/\(try segment(intent))/capture",
            key: "capture:\(idempotencyKey)",
            body: WireCapture(amountToCapture: amount)
        )
    }

    /// Gives up an intent that has not succeeded.
    public func cancel(intent: String, idempotencyKey: String) async throws(PaymentError) -> PaymentIntent {
        try await transport.post(
            "/v1/payment_intents/\(try segment(intent))/cancel", key: "cancel:\(idempotencyKey)", body: WireEmpty())
    }

    /// Returns the intent as the provider sees it now.
    public func retrieve(intent: String) async throws(PaymentError) -> PaymentIntent {
        try await transport.get("/v1/payment_intents/\(try segment(intent))")
    }

    /// Returns money of a captured intent.
    public func refund(
        intent: String,
        amount: Int64?,
        idempotencyKey: String
    ) async throws(PaymentError) -> PaymentRefund {
        try await transport.post(
            "/v1/refunds", key: "refund:\(idempotencyKey)", body: WireRefund(paymentIntent: intent, amount: amount))
    }

    /// Checks a webhook's signature against the exact bytes received, then reads it.
    public func verifyEvent(
        payload: [UInt8],
        signature header: String,
        now: Date
    ) throws(PaymentError) -> PaymentEvent {
        do throws(WebhookSignature.Failure) {
            try signature.verify(payload: payload, header: header, now: now)
        } catch {
            throw PaymentError(.invalidSignature, message: "webhook signature: \(error)", underlying: error)
        }
        do {
            return try JSONDecoder().decode(PaymentEvent.self, from: Data(payload))
        } catch {
            throw PaymentError(.malformedEvent, message: "webhook body is not an event", underlying: error)
        }
    }

    /// An id goes into a path: refuse what could change which resource is meant.
    private func segment(_ id: String) throws(PaymentError) -> String {
        let allowed = id.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
        }
        guard allowed, !id.isEmpty else {
            throw PaymentError(.invalidRequest, message: "not an id: \(id.debugDescription)")
        }
        return id
    }
}

extension HTTPClient {
    /// One client for the process: it is never shut down, as `HTTPClient.shared` is not.
    ///
    /// Unlike that one it does not retry connecting until the request's deadline: a refused connection is reported as such, which is what
    /// tells "nothing happened" from "unknown".
    package static let payments: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: .seconds(2))
        configuration.connectionPool = .init(idleTimeout: .seconds(30), concurrentHTTP1ConnectionsPerHostSoftLimit: 32)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}
