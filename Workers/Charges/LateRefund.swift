import JobQueue
import Marketplace
import Payments

/// Sends back what came after its order had ended; the key is the intent, so it goes back once.
struct LateRefund {
    let marketplace: Marketplace

    func run(_ job: RefundLatePayment) async throws -> Completion {
        let refund = try await marketplace.payments.refund(
            intent: job.intent, amount: job.amount, idempotencyKey: "late:\(job.intent)")
        guard refund.status != .failed else {
            // Somebody has to look: it stays in the books as owed, and in the dead letters with its reason.
            throw JobFailure.permanent("The refund \(refund.id) failed: \(refund.failureReason ?? "no reason given")")
        }
        return Completion(effects: [marketplace.orders.refunded(job)])
    }
}
