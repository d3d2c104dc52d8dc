import JobQueue
import Marketplace
import Payments

/// Gives an intent up at the provider, and says what it found there.
struct IntentCancellation {
    enum Result {
        /// It can't bring money any more.
        case gone
        /// It was faster: the money is there.
        case succeeded(PaymentIntent)
        /// The provider can't say yet.
        case undecided
    }

    let marketplace: Marketplace

    func run(_ job: CancelIntent) async throws -> Completion {
        let payment = try await marketplace.orders.charging(job.payment).payment
        guard payment.status == .canceled, let intent = payment.intentID else { return .done }
        switch try await cancel(intent) {
        case .gone:
            return .done
        case .succeeded(let intent):
            // The order is closed, so this books it as owed back and has it refunded.
            return Completion(effects: [
                try marketplace.orders.settled(
                    order: payment.orderID, payment: payment.id, number: payment.number, intent: intent)
            ])
        case .undecided:
            throw JobFailure.retry(after: .seconds(60), "The provider has not decided on \(intent) yet.")
        }
    }

    func cancel(_ intent: String) async throws -> Result {
        // Not `catch where`: the compiler (6.3.1) crashes on it behind typed throws.
        let failure: PaymentError
        do {
            return result(try await marketplace.payments.cancel(intent: intent, idempotencyKey: "cancel:\(intent)"))
        } catch {
            failure = error
        }
        if failure.code == .notFound { return .gone }
        guard failure.code == .unexpectedState else { throw failure }
        if let known = failure.intent { return result(known) }
        return result(try await marketplace.payments.retrieve(intent: intent))
    }

    private func result(_ intent: PaymentIntent) -> Result {
        switch intent.status {
        case .canceled: .gone
        case .succeeded: .succeeded(intent)
        default: .undecided
        }
    }
}
