import JobQueue
public import Payments
import RedisClient

extension Orders {
    private static let event = DomainScript(
        name: "pay_event", fragments: [CommerceFragments.orders], body: PackageResources.pay_event_lua,
        allowsOutOfMemory: true)

    /// Applies a webhook whose signature was verified; what is unknown or late changes nothing.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - traceID: The request's id, for the jobs and the order's story.
    /// - Returns: What was done: `settled`, `late`, `declined`, `requires_action` or `ignored`.
    @discardableResult
    public func apply(_ event: PaymentEvent, traceID: String? = nil) async throws -> String {
        guard case .intent(let intent) = event.object, let reference = IntentReference(intent) else {
            return "ignored"
        }
        let kind: String
        switch event.kind {
        case .succeeded: kind = "succeeded"
        case .paymentFailed: kind = "failed"
        case .canceled: kind = "canceled"
        case .requiresAction: kind = "requires_action"
        default: return "ignored"
        }
        let decline = intent.lastError
        let arguments: [RedisArgument] = [
            RedisArgument(kind), RedisArgument(reference.order), RedisArgument(reference.payment),
            RedisArgument(reference.number), RedisArgument(intent.id), RedisArgument(intent.amountCaptured),
            RedisArgument(intent.currency.uppercased()),
            RedisArgument(decline?.code ?? (kind == "canceled" ? "payment_canceled" : "card_declined")),
            RedisArgument(decline?.declineCode ?? ""),
            RedisArgument(decline?.message ?? "The payment was declined."),
            RedisArgument(intent.nextAction?.type ?? ""), RedisArgument(intent.nextAction?.url ?? ""),
            RedisArgument(event.id), RedisArgument(traceID ?? ""),
        ]
        let values = try await market.transact(
            Self.event, arguments: arguments, jobs: try settlementJobs(reference, intent: intent, traceID: traceID))
        return values.first?.string ?? "ignored"
    }

    /// What follows a success: the fulfilment, or the refund of money that came too late.
    func settlementJobs(
        _ reference: IntentReference, intent: PaymentIntent, traceID: String? = nil
    ) throws -> [PreparedJob] {
        [
            try FulfilOrder(order: reference.order).prepared(traceID: traceID, tag: reference.order),
            try RefundLatePayment(
                payment: reference.payment, intent: intent.id, amount: intent.amountCaptured,
                currency: intent.currency.uppercased()
            ).prepared(traceID: traceID, tag: reference.order),
        ]
    }
}
