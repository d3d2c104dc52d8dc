package import JobQueue
package import Payments
import RedisClient

/// One attempt of a payment, as the charge job finds it.
package struct ChargeState: Sendable {
    /// The payment.
    package var payment: Payment
    /// The order's status.
    package var order: OrderStatus
    /// The provider's token of what is paid with.
    package var method: String? { payment.method }
    /// The buyer's answer to the bank's challenge, once given.
    package var answer: String? { payment.answer }
}

/// What the charge job needs: to look, to record the intent before it is confirmed, and to stage what came of it.
extension Orders {
    private static let record = script("pay_record", PackageResources.pay_record_lua)
    private static let intent = script("pay_intent", PackageResources.pay_intent_lua)

    /// The payment and its order's status.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`.
    package func charging(_ payment: String) async throws -> ChargeState {
        let values = try await market.transact(Self.record, arguments: [RedisArgument(payment)])
        guard values.count == 2, let status = values[1].string.flatMap({ OrderStatus(rawValue: $0) }) else {
            throw ScriptReplyError(script: Self.record.name, reply: "\(values)")
        }
        return ChargeState(payment: try Payment(record: CommerceRecord("payment", values[0])), order: status)
    }

    /// Records the intent of an attempt; false when that attempt is not being made any more: then don't confirm it.
    package func recordIntent(_ intent: String, of job: ChargeOrder) async throws -> Bool {
        let values = try await market.transact(
            Self.intent, arguments: [RedisArgument(job.payment), RedisArgument(job.number), RedisArgument(intent)])
        return values.first?.string == "go"
    }

    /// The metadata that leads a webhook back to the attempt.
    package func metadata(of job: ChargeOrder) -> [String: String] { reference(job).metadata }

    /// The provider's idempotency key of the attempt.
    package func idempotencyKey(of job: ChargeOrder) -> String { reference(job).idempotencyKey }

    private func reference(_ job: ChargeOrder) -> IntentReference {
        IntentReference(order: job.order, payment: job.payment, number: job.number)
    }

    /// The money came.
    package func settled(order: String, payment: String, number: Int, intent: PaymentIntent) throws -> Effect {
        let reference = IntentReference(order: order, payment: payment, number: number)
        return Effect(
            "order.settle",
            arguments: [
                RedisArgument(order), RedisArgument(payment), RedisArgument(number), RedisArgument(intent.id),
                RedisArgument(intent.amountCaptured), RedisArgument(intent.currency.uppercased()),
            ],
            jobs: try settlementJobs(reference, intent: intent))
    }

    /// The attempt was refused for good.
    package func declined(_ job: ChargeOrder, _ decline: PaymentDecline) -> Effect {
        Effect(
            "order.decline",
            arguments: [
                RedisArgument(job.order), RedisArgument(job.payment), RedisArgument(job.number),
                RedisArgument(decline.code), RedisArgument(decline.declineCode ?? ""), RedisArgument(decline.message),
            ])
    }

    /// The buyer must answer a challenge.
    package func challenged(_ job: ChargeOrder, _ action: PaymentIntent.NextAction?) -> Effect {
        Effect(
            "order.challenge",
            arguments: [
                RedisArgument(job.order), RedisArgument(job.payment), RedisArgument(job.number),
                RedisArgument(action?.type ?? "authenticate"), RedisArgument(action?.url ?? ""),
            ])
    }

    /// The order ends unpaid.
    package func expired(_ order: String) -> Effect {
        Effect("order.expire", arguments: [RedisArgument(order)])
    }

    /// The files are there.
    package func fulfilled(_ order: String, traceID: String?) throws -> Effect {
        Effect(
            "order.fulfil", arguments: [RedisArgument(order)],
            jobs: [try IssueLinks(order: order).prepared(traceID: traceID, tag: order)])
    }

    /// Notes the messages about an order that are enqueued in the same completion.
    package func mailed(_ order: String, _ mails: [(job: JobID, what: String)]) -> Effect {
        Effect(
            "order.mailed",
            arguments: [RedisArgument(order)]
                + mails.flatMap { [RedisArgument($0.job.rawValue), RedisArgument($0.what)] })
    }

    /// What came too late went back.
    package func refunded(_ job: RefundLatePayment) -> Effect {
        Effect(
            "payment.refunded",
            arguments: [
                RedisArgument(job.payment), RedisArgument(job.intent), RedisArgument(job.amount),
                RedisArgument(job.currency),
            ])
    }
}
