import JobQueue
import Logging
import Marketplace
import Payments

/// Makes one attempt of a payment at the provider, and stages what came of it with the acknowledgement.
///
/// It may run any number of times. The idempotency key is the order's id and the attempt's number; the intent is
/// recorded before it is confirmed, and a repetition looks there first. So a crash anywhere charges once.
struct OrderCharge {
    let marketplace: Marketplace
    let job: ChargeOrder
    let context: JobContext

    private var orders: Orders { marketplace.orders }
    private var provider: any PaymentProvider { marketplace.payments }
    private var key: String { orders.idempotencyKey(of: job) }

    func run() async throws -> Completion {
        let state = try await orders.charging(job.payment)
        // Another number, a decision, a cancel: somebody was faster, and there is nothing to do. A job from before the
        // buyer's answer leaves the intent to the job that carries the answer.
        guard state.payment.number == job.number, state.payment.status == .processing,
            job.authentication != nil || state.answer == nil
        else { return .done }
        do {
            guard let intent = try await intent(state) else { return .done }
            return try await advance(intent, state)
        } catch {
            return try completion(for: error)
        }
    }

    /// The attempt's intent as it is now; nil when the attempt is not being made any more.
    private func intent(_ state: ChargeState) async throws(PaymentError) -> PaymentIntent? {
        if let known = state.payment.intentID {
            return try await provider.retrieve(intent: known)
        }
        let amount = state.payment.amount
        return try await provider.createIntent(
            amount: PaymentAmount(amount: amount.amount, currency: amount.currency), paymentMethod: state.method,
            metadata: orders.metadata(of: job), idempotencyKey: key)
    }

    /// Confirms an intent that waits for it, then reads its outcome.
    private func advance(_ intent: PaymentIntent, _ state: ChargeState) async throws -> Completion {
        switch intent.status {
        case .requiresConfirmation:
            break
        case .requiresPaymentMethod where intent.lastError == nil:
            break
        case .requiresAction where job.authentication != nil:
            break
        default:
            return try await outcome(intent)
        }
        guard try await orders.recordIntent(intent.id, of: job) else { return .done }
        let confirmed = try await provider.confirm(
            intent: intent.id, paymentMethod: intent.paymentMethod == nil ? state.method : nil,
            authentication: intent.status == .requiresAction ? job.authentication : nil, idempotencyKey: key)
        return try await outcome(confirmed)
    }

    private func outcome(_ intent: PaymentIntent) async throws -> Completion {
        switch intent.status {
        case .succeeded:
            return Completion(effects: [
                try orders.settled(order: job.order, payment: job.payment, number: job.number, intent: intent)
            ])
        case .requiresCapture:
            return try await outcome(provider.capture(intent: intent.id, amount: nil, idempotencyKey: key))
        case .requiresAction where job.authentication == nil:
            return Completion(effects: [orders.challenged(job, intent.nextAction)])
        case .requiresPaymentMethod where intent.lastError != nil:
            return declined(intent.lastError)
        case .canceled:
            return declined(PaymentDecline(code: "payment_canceled", message: "The payment was canceled."))
        case .processing, .requiresAction, .requiresConfirmation, .requiresPaymentMethod:
            return try lookAgain()
        }
    }

    /// The provider decides later.
    ///
    /// Its webhook says so at once; this is for the case that the webhook is lost.
    private func lookAgain() throws -> Completion {
        var next = job
        next.check += 1
        let seconds = min(5 << min(job.check, 10), 3600)
        return Completion(followUps: [try next.prepared(delay: .seconds(seconds), traceID: context.traceID)])
    }

    private func declined(_ decline: PaymentDecline?) -> Completion {
        let unknown = PaymentDecline(code: "card_declined", message: "The payment was declined.")
        return Completion(effects: [orders.declined(job, decline ?? unknown)])
    }

    /// What an error of the provider means for the order; what may pass is thrown on, for another attempt of this job.
    private func completion(for error: any Error) throws -> Completion {
        guard let error = error as? PaymentError else { throw error }
        switch error.code {
        case .declined:
            return declined(error.decline)
        case .unexpectedState:
            // It is further than it was when we looked. The next look reads the outcome.
            throw JobFailure.retry(after: .milliseconds(200), "\(error)")
        case .invalidRequest, .invalidCard, .notFound, .idempotencyMismatch:
            // No repetition would help, and the buyer must not wait for ever.
            context.logger.error(
                "charge refused by the provider", metadata: ["order": "\(job.order)", "error": "\(error)"])
            return declined(
                PaymentDecline(code: "processing_error", message: "The payment could not be made with this card."))
        default:
            throw error
        }
    }
}
