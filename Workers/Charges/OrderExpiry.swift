import JobQueue
import Logging
import Marketplace
import Payments

/// Ends an order that nobody paid in time; gives its intent up at the provider first, where it may have succeeded.
struct OrderExpiry {
    let marketplace: Marketplace
    let context: JobContext

    func run(_ job: ExpireOrder) async throws -> Completion {
        let order = try await marketplace.orders.order(job.order)
        guard order.status == .open || order.status == .processing else { return .done }
        let expired = Completion(effects: [marketplace.orders.expired(order.id)])
        guard let intent = order.payment.intentID else { return expired }
        switch try await IntentCancellation(marketplace: marketplace).cancel(intent) {
        case .gone:
            return expired
        case .succeeded(let intent):
            let payment = order.payment
            return Completion(effects: [
                try marketplace.orders.settled(
                    order: order.id, payment: payment.id, number: payment.number, intent: intent)
            ])
        case .undecided:
            throw JobFailure.retry(after: .seconds(600), "The provider has not decided on \(intent) yet.")
        }
    }
}
