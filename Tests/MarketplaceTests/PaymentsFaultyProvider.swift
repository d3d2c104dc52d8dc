import Foundation
import Payments
import Synchronization

/// A provider in memory that keeps the interface's promises and fails where a test says so.
///
/// It stands in where a fault must happen between two steps of one process; the stub's own behaviour is tested with it.
final class FaultyProvider: PaymentProvider {
    enum Fault {
        /// The operation happens, its answer is lost.
        case answerLost
        /// Nothing happens.
        case unavailable
    }

    fileprivate struct State {
        var intents: [String: PaymentIntent] = [:]
        var answers: [String: String] = [:]
        var charges: [String] = []
        var refunds: [String: PaymentRefund] = [:]
        var faults: [String: [Fault]] = [:]
        var calls: [String] = []
        var next = 0
        var afterSuccess: (@Sendable (PaymentIntent) async throws -> Void)?
    }

    private let state = Mutex(State())

    /// Intents that collected money, once for each time they did.
    var charges: [String] { state.withLock { $0.charges } }
    /// Refunds that were made.
    var refunds: [PaymentRefund] { state.withLock { Array($0.refunds.values) } }
    /// The operations in the order in which they were asked for.
    var calls: [String] { state.withLock { $0.calls } }

    /// The next calls of an operation fail like this, in this order.
    func inject(_ operation: String, _ faults: Fault...) {
        state.withLock { $0.faults[operation, default: []] += faults }
    }

    /// Runs after the money was collected and before the caller learns of it.
    func afterSuccess(_ body: @escaping @Sendable (PaymentIntent) async throws -> Void) {
        state.withLock { $0.afterSuccess = body }
    }

    /// The intent decides by itself, as one that was processing does.
    func decide(_ intent: String) {
        state.withLock { $0.collect(intent) }
    }

    func intent(_ id: String) -> PaymentIntent? { state.withLock { $0.intents[id] } }

    func createPaymentMethod(_ card: Card) async throws(PaymentError) -> PaymentMethod {
        PaymentMethod(id: "pm_ok", brand: "visa", last4: "4242", expMonth: card.expMonth, expYear: card.expYear)
    }

    func createIntent(
        amount: PaymentAmount, captureMethod: CaptureMethod, paymentMethod: String?, metadata: [String: String],
        idempotencyKey: String
    ) async throws(PaymentError) -> PaymentIntent {
        try begin("create")
        let intent = state.withLock { state in
            if let known = state.answers["create:" + idempotencyKey], let intent = state.intents[known] {
                return intent
            }
            state.next += 1
            let intent = PaymentIntent(
                id: "pi_fake_\(state.next)", amount: amount.amount, currency: amount.currency,
                status: .requiresConfirmation, paymentMethod: paymentMethod, metadata: metadata)
            state.intents[intent.id] = intent
            state.answers["create:" + idempotencyKey] = intent.id
            return intent
        }
        try end("create")
        return intent
    }

    func confirm(
        intent id: String, paymentMethod: String?, authentication: Authentication?, idempotencyKey: String
    ) async throws(PaymentError) -> PaymentIntent {
        try begin("confirm")
        let (intent, hook) = state.withLock { state in
            let key = (authentication == nil ? "confirm:" : "authenticate:") + idempotencyKey
            if state.answers[key] == nil {
                state.answers[key] = id
                state.confirm(id, authentication)
            }
            return (state.intents[id], state.intents[id]?.status == .succeeded ? state.afterSuccess : nil)
        }
        guard let intent else { throw PaymentError(.notFound, message: "no intent \(id)") }
        do {
            try await hook?(intent)
        } catch {
            throw PaymentError(.unknownOutcome, message: "\(error)")
        }
        try end("confirm")
        if let decline = intent.lastError {
            throw PaymentError(.declined, message: decline.message, decline: decline, intent: intent)
        }
        return intent
    }

    func capture(intent: String, amount: Int64?, idempotencyKey: String) async throws(PaymentError) -> PaymentIntent {
        try await retrieve(intent: intent)
    }

    func cancel(intent id: String, idempotencyKey: String) async throws(PaymentError) -> PaymentIntent {
        try begin("cancel")
        guard let intent = state.withLock({ $0.intents[id] }) else {
            throw PaymentError(.notFound, message: "no intent \(id)")
        }
        guard intent.status != .succeeded, intent.status != .processing else {
            throw PaymentError(.unexpectedState, message: "it is \(intent.status)", intent: intent)
        }
        return state.withLock { state in
            state.intents[id]?.status = .canceled
            return state.intents[id] ?? intent
        }
    }

    func retrieve(intent id: String) async throws(PaymentError) -> PaymentIntent {
        try begin("retrieve")
        guard let intent = state.withLock({ $0.intents[id] }) else {
            throw PaymentError(.notFound, message: "no intent \(id)")
        }
        return intent
    }

    func refund(intent id: String, amount: Int64?, idempotencyKey: String) async throws(PaymentError) -> PaymentRefund {
        try begin("refund")
        let refund = state.withLock { state in
            let made = PaymentRefund(
                id: "re_\(id)", intent: id, amount: amount ?? 0, currency: state.intents[id]?.currency ?? "usd",
                status: .succeeded)
            return state.refunds[idempotencyKey, default: made]
        }
        state.withLock { $0.refunds[idempotencyKey] = refund }
        try end("refund")
        return refund
    }

    func verifyEvent(payload: [UInt8], signature: String, now: Date) throws(PaymentError) -> PaymentEvent {
        throw PaymentError(.invalidSignature, message: "the tests make their events themselves")
    }

    private func begin(_ operation: String) throws(PaymentError) {
        let fault = state.withLock { state in
            state.calls.append(operation)
            guard state.faults[operation]?.first == .unavailable else { return false }
            state.faults[operation]?.removeFirst()
            return true
        }
        if fault { throw PaymentError(.unavailable, message: "injected") }
    }

    private func end(_ operation: String) throws(PaymentError) {
        let fault = state.withLock { state in
            guard state.faults[operation]?.first == .answerLost else { return false }
            state.faults[operation]?.removeFirst()
            return true
        }
        if fault { throw PaymentError(.unknownOutcome, message: "injected") }
    }
}

extension FaultyProvider.State {
    fileprivate mutating func confirm(_ id: String, _ authentication: Authentication?) {
        guard var intent = intents[id], intent.status != .succeeded, intent.status != .canceled else { return }
        switch (intent.paymentMethod, authentication) {
        case ("pm_declined", _):
            intent.status = .requiresPaymentMethod
            intent.lastError = PaymentDecline(
                code: "card_declined", declineCode: "insufficient_funds", message: "Not enough money.")
        case ("pm_challenge", nil):
            intent.status = .requiresAction
            intent.nextAction = .init(type: "authenticate", url: "https://bank.example/\(id)")
        case ("pm_challenge", .fail):
            intent.status = .requiresPaymentMethod
            intent.nextAction = nil
            intent.lastError = PaymentDecline(
                code: "payment_intent_authentication_failure", message: "The confirmation failed.")
        case ("pm_slow", _):
            intent.status = .processing
        default:
            intents[id] = intent
            collect(id)
            return
        }
        intents[id] = intent
    }

    fileprivate mutating func collect(_ id: String) {
        guard var intent = intents[id], intent.status != .succeeded else { return }
        intent.status = .succeeded
        intent.amountCaptured = intent.amount
        intent.nextAction = nil
        intent.lastError = nil
        intents[id] = intent
        charges.append(id)
    }
}
