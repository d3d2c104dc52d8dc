import Payments

/// Which attempt of which payment an intent belongs to; travels with the intent as its metadata, so that a webhook that
/// is faster than the charge job's own record still finds its order.
struct IntentReference: Equatable {
    var order: String
    var payment: String
    var number: Int

    init(order: String, payment: String, number: Int) {
        self.order = order
        self.payment = payment
        self.number = number
    }

    /// Reads what ``metadata`` wrote; nil for an intent that is not ours.
    init?(_ intent: PaymentIntent) {
        guard let order = intent.metadata["order"], Identifier.isValid(order, .order),
            let payment = intent.metadata["payment"], Identifier.isValid(payment, .payment),
            let number = intent.metadata["payment_no"].flatMap({ Int($0) })
        else { return nil }
        self.init(order: order, payment: payment, number: number)
    }

    var metadata: [String: String] {
        ["order": order, "payment": payment, "payment_no": String(number)]
    }

    /// The provider's idempotency key of this attempt: however often the job runs, the buyer is charged once.
    var idempotencyKey: String { "\(order):\(number)" }
}
