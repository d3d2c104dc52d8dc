public import JobQueue
public import Payments

/// Charges an order: makes one attempt of its payment at the provider and stages what came of it.
public struct ChargeOrder: Job {
    /// The name on the wire.
    public static let name = "charge-order"
    /// The queue of everything that talks to the provider.
    public static let queue = "charges"
    /// The buyer waits, so it is tried again soon; for about two hours, after which the order's expiry takes over.
    public static let options = JobOptions(
        priority: .high, maximumFailures: 20, maximumLapses: 10, timeout: .seconds(60),
        backoff: Backoff(base: .milliseconds(500), cap: .seconds(600)))

    /// The order.
    public var order: String
    /// Its payment.
    public var payment: String
    /// The number of the attempt; a job for an earlier one does nothing.
    public var number: Int
    /// The buyer's answer to the bank's challenge, if this passes one on.
    public var authentication: Authentication?
    /// How often the provider was asked for an outcome that it did not have yet.
    public var check: Int

    /// Makes the job of one attempt.
    public init(order: String, payment: String, number: Int, authentication: Authentication? = nil, check: Int = 0) {
        self.order = order
        self.payment = payment
        self.number = number
        self.authentication = authentication
        self.check = check
    }
}

/// Ends an order that nobody paid in time.
public struct ExpireOrder: Job {
    /// The name on the wire.
    public static let name = "expire-order"
    /// The queue of everything that talks to the provider.
    public static let queue = "charges"
    /// Nobody waits for it.
    public static let options = JobOptions(priority: .low, maximumFailures: 20, timeout: .seconds(60))

    /// The order.
    public var order: String

    /// Makes the job.
    public init(order: String) {
        self.order = order
    }
}

/// Gives up a canceled order's intent at the provider.
public struct CancelIntent: Job {
    /// The name on the wire.
    public static let name = "cancel-intent"
    /// The queue of everything that talks to the provider.
    public static let queue = "charges"
    /// Nobody waits for it.
    public static let options = JobOptions(priority: .low, maximumFailures: 20, timeout: .seconds(60))

    /// The payment.
    public var payment: String

    /// Makes the job.
    public init(payment: String) {
        self.payment = payment
    }
}

/// Sends money back that came after its order had ended.
public struct RefundLatePayment: Job {
    /// The name on the wire.
    public static let name = "refund-late-payment"
    /// The queue of everything that talks to the provider.
    public static let queue = "charges"
    /// Other people's money: tried for about a day.
    public static let options = JobOptions(maximumFailures: 30, maximumLapses: 10, timeout: .seconds(60))

    /// The payment.
    public var payment: String
    /// The provider's intent that brought the money.
    public var intent: String
    /// Minor units.
    public var amount: Int64
    /// The ISO 4217 code, in capitals.
    public var currency: String

    /// Makes the job.
    public init(payment: String, intent: String, amount: Int64, currency: String) {
        self.payment = payment
        self.intent = intent
        self.amount = amount
        self.currency = currency
    }
}
