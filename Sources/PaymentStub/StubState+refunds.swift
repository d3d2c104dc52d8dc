import Foundation
import Payments

extension StubState {
    /// Returns money of a captured intent; with the test card …5126 the bank will return it after `failureDelay` ms.
    mutating func refund(
        intent id: String,
        amount requested: Int64?,
        failureDelay: Int64,
        now: Date
    ) throws(StubError) -> StoredRefund {
        guard var stored = intents[id] else {
            throw .missing("PaymentIntent", id: id, param: "payment_intent", status: 400)
        }
        guard stored.intent.status == .succeeded else { throw .unexpectedState(stored.intent, "refunded") }
        guard !stored.intent.disputed else {
            throw .invalid("charge_disputed", "The payment has been charged back and cannot be refunded.")
        }
        let left = stored.intent.amountCaptured - stored.intent.amountRefunded
        guard left > 0 else {
            throw .invalid("charge_already_refunded", "The payment has already been refunded.")
        }
        let amount = requested ?? left
        guard amount > 0 else {
            throw .invalid("parameter_invalid_integer", param: "amount", "The amount must be at least 1.")
        }
        guard amount <= left else {
            throw .invalid(
                "amount_too_large", param: "amount", "Refund amount (\(amount)) is greater than what is left (\(left))."
            )
        }

        let refund = StoredRefund(
            refund: PaymentRefund(
                id: StubID.make("re"),
                intent: id,
                amount: amount,
                currency: stored.intent.currency,
                status: .succeeded,
                created: now.seconds
            ),
            failsAt: stored.behaviour == .refundFails ? now.milliseconds + failureDelay : nil
        )
        stored.intent.amountRefunded += amount
        put(stored)
        put(refund)
        emit(.refunded, .refund(refund.refund), now: now)
        return refund
    }

    /// Takes back a refund that the bank returned, once its time has come; anything else is left alone.
    mutating func failRefund(_ id: String, now: Date) {
        guard var stored = refunds[id], let due = stored.failsAt, due <= now.milliseconds,
            var owner = intents[stored.refund.intent]
        else { return }
        stored.failsAt = nil
        stored.refund.status = .failed
        stored.refund.failureReason = "lost_or_stolen_card"
        owner.intent.amountRefunded -= stored.refund.amount
        put(stored)
        put(owner)
        emit(.refundFailed, .refund(stored.refund), now: now)
    }
}
