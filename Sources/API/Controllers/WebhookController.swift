import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Marketplace
import Payments

/// Events from the payment provider.
struct WebhookController {
    let environment: APIEnvironment

    func add(to v1: RouterGroup<APIContext>) {
        v1.post("webhooks/payments/{provider}", use: event)
    }

    @Sendable private func event(_ request: Request, _ context: APIContext) async throws -> Response {
        guard try context.parameter("provider") == "stub" else { throw Problem.notFound }
        guard let signature = request.headers[.paymentSignature] else {
            throw Problem(.badRequest, "invalid_signature", "The event is not signed.")
        }
        // The signature is over the exact bytes, so they are verified before anything reads them.
        let bytes = try await request.bytes(upTo: environment.configuration.maximumJSONBytes, context: context)
        let event = try environment.marketplace.payments.verifyEvent(
            payload: bytes, signature: signature, now: environment.marketplace.clock.now)
        let outcome = try await environment.marketplace.orders.apply(event, traceID: context.requestID)
        context.logger.info(
            "payment event",
            metadata: ["event": "\(event.id)", "type": "\(event.kind.rawValue)", "outcome": "\(outcome)"])
        return try .json(["outcome": outcome])
    }
}
