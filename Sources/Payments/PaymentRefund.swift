/// Money on its way back to the payer.
public struct PaymentRefund: Sendable, Hashable, Codable {
    /// Where a refund stands.
    public enum Status: String, Sendable, Hashable, Codable {
        /// Sent to the bank, not confirmed.
        case pending
        /// Done; a bank can still return it, and then it becomes `.failed`.
        case succeeded
        /// Came back; the money is the merchant's again.
        case failed
    }

    /// `re_…`.
    public var id: String
    /// The intent the money belongs to.
    public var intent: String
    /// Minor units.
    public var amount: Int64
    /// ISO 4217 code in lower case.
    public var currency: String
    /// Where the refund stands.
    public var status: Status
    /// Why it failed, such as `lost_or_stolen_card`.
    public var failureReason: String?
    /// Creation time in seconds since 1970.
    public var created: Int64

    /// Creates a refund from its parts.
    public init(
        id: String,
        intent: String,
        amount: Int64,
        currency: String,
        status: Status,
        failureReason: String? = nil,
        created: Int64 = 0
    ) {
        self.id = id
        self.intent = intent
        self.amount = amount
        self.currency = currency
        self.status = status
        self.failureReason = failureReason
        self.created = created
    }

    private enum CodingKeys: String, CodingKey {
        case id
        case intent = "payment_intent"
        case amount
        case currency
        case status
        case failureReason = "failure_reason"
        case created
    }
}

/// A payer's objection to a payment.
public struct PaymentDispute: Sendable, Hashable, Codable {
    /// `dp_…`.
    public var id: String
    /// The intent the money belongs to.
    public var intent: String
    /// Minor units.
    public var amount: Int64
    /// ISO 4217 code in lower case.
    public var currency: String
    /// The payer's claim, such as `fraudulent` or `product_not_received`.
    public var reason: String
    /// One of `needs_response`, `under_review`, `won` and `lost`.
    public var status: String
    /// Creation time in seconds since 1970.
    public var created: Int64

    /// Creates a dispute from its parts.
    public init(
        id: String,
        intent: String,
        amount: Int64,
        currency: String,
        reason: String,
        status: String,
        created: Int64 = 0
    ) {
        self.id = id
        self.intent = intent
        self.amount = amount
        self.currency = currency
        self.reason = reason
        self.status = status
        self.created = created
    }

    private enum CodingKeys: String, CodingKey {
        case id
        case intent = "payment_intent"
        case amount
        case currency
        case reason
        case status
        case created
    }
}
