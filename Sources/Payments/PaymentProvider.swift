public import Foundation

/// Takes payments for orders; one conformance for each payment service.
///
/// Money moves on the provider's side, so every operation that changes something takes an idempotency key: repeating it with the same key and
/// the same arguments gives the answer of the first time and moves nothing again, whatever happened to that answer on its way.
/// A key needs to be unique within one operation only (`create` and `confirm` may share one): conformances add the operation's name.
/// An answered challenge is an operation of its own (``confirm(intent:paymentMethod:authentication:idempotencyKey:)``).
///
/// All functions throw ``PaymentError``; its `code` says whether nothing happened, something may have happened, or a decision was made.
public protocol PaymentProvider: Sendable {
    /// Exchanges a card for a token; the number goes to the provider and is kept nowhere else.
    ///
    /// Throws `.invalidCard` with the field at fault when the card cannot exist. Whether it will be accepted shows at confirmation.
    func createPaymentMethod(_ card: Card) async throws(PaymentError) -> PaymentMethod

    /// Creates an intent to collect `amount`; no money moves until it is confirmed.
    ///
    /// Status afterwards: `.requiresConfirmation` with a payment method, `.requiresPaymentMethod` without.
    func createIntent(
        amount: PaymentAmount,
        captureMethod: CaptureMethod,
        paymentMethod: String?,
        metadata: [String: String],
        idempotencyKey: String
    ) async throws(PaymentError) -> PaymentIntent

    /// Attempts the payment.
    ///
    /// Returns an intent in `.succeeded`, `.requiresCapture`, `.processing` or `.requiresAction` (the payer must answer a challenge). A decline
    /// throws `.declined` with the decline and the intent, which is back in `.requiresPaymentMethod` and can be confirmed with another method.
    /// - Parameters:
    ///   - paymentMethod: Replaces the intent's payment method.
    ///   - authentication: Stands for the payer's answer to the bank's challenge; only for an intent in `.requiresAction`.
    func confirm(
        intent: String,
        paymentMethod: String?,
        authentication: Authentication?,
        idempotencyKey: String
    ) async throws(PaymentError) -> PaymentIntent

    /// Collects an authorized amount (minor units), or all of it when `amount` is nil; the rest of the authorization is released.
    func capture(intent: String, amount: Int64?, idempotencyKey: String) async throws(PaymentError) -> PaymentIntent

    /// Gives up an intent that has not succeeded; throws `.unexpectedState` with the intent when it has.
    func cancel(intent: String, idempotencyKey: String) async throws(PaymentError) -> PaymentIntent

    /// Returns the intent as the provider sees it now: the way to learn an unknown outcome.
    func retrieve(intent: String) async throws(PaymentError) -> PaymentIntent

    /// Returns money of a captured intent: `amount` in minor units, or all that is left when nil.
    func refund(intent: String, amount: Int64?, idempotencyKey: String) async throws(PaymentError) -> PaymentRefund

    /// Checks a webhook's signature against the exact bytes received, then reads it.
    ///
    /// Throws `.invalidSignature` or `.malformedEvent`. Events come at least once and in any order: treat them as a hint to look, keyed by id.
    func verifyEvent(payload: [UInt8], signature: String, now: Date) throws(PaymentError) -> PaymentEvent
}

extension PaymentProvider {
    /// Creates an intent that is captured as soon as it is authorized.
    public func createIntent(
        amount: PaymentAmount,
        paymentMethod: String?,
        metadata: [String: String],
        idempotencyKey: String
    ) async throws(PaymentError) -> PaymentIntent {
        try await createIntent(
            amount: amount,
            captureMethod: .automatic,
            paymentMethod: paymentMethod,
            metadata: metadata,
            idempotencyKey: idempotencyKey
        )
    }
}
