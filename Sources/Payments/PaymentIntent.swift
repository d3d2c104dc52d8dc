/// One attempt to collect one amount, as the provider reports it.
public struct PaymentIntent: Sendable, Hashable, Codable {
    /// Where an intent stands.
    public enum Status: String, Sendable, Hashable, Codable {
        /// Needs a payment method: new, or declined with the last one.
        case requiresPaymentMethod = "requires_payment_method"
        /// Has a payment method and waits for confirmation.
        case requiresConfirmation = "requires_confirmation"
        /// The payer must answer the bank's challenge (`nextAction`).
        case requiresAction = "requires_action"
        /// The provider decides later and sends an event.
        case processing
        /// Authorized, not collected.
        case requiresCapture = "requires_capture"
        /// Given up; final.
        case canceled
        /// Collected; final.
        case succeeded
    }

    /// What the payer must do next.
    public struct NextAction: Sendable, Hashable, Codable {
        /// `authenticate`.
        public var type: String
        /// The page to send the payer to.
        public var url: String

        /// Creates an action from its parts.
        public init(type: String, url: String) {
            self.type = type
            self.url = url
        }
    }

    /// `pi_…`.
    public var id: String
    /// The amount to collect, in minor units.
    public var amount: Int64
    /// ISO 4217 code in lower case.
    public var currency: String
    /// Where the intent stands.
    public var status: Status
    /// When the amount is collected after authorization.
    public var captureMethod: CaptureMethod
    /// Minor units authorized and not collected yet.
    public var amountCapturable: Int64
    /// Minor units collected.
    public var amountCaptured: Int64
    /// Minor units of what was collected that went back.
    public var amountRefunded: Int64
    /// Whether the payer disputed the payment.
    public var disputed: Bool
    /// The payment method's token.
    public var paymentMethod: String?
    /// Why the last confirmation failed; nil after a success.
    public var lastError: PaymentDecline?
    /// Set while `status` is `.requiresAction`.
    public var nextAction: NextAction?
    /// The caller's own keys and values.
    public var metadata: [String: String]
    /// Creation time in seconds since 1970.
    public var created: Int64

    /// The amount to collect with its currency.
    public var total: PaymentAmount { PaymentAmount(amount: amount, currency: currency) }

    /// Creates an intent from its parts.
    public init(
        id: String,
        amount: Int64,
        currency: String,
        status: Status,
        captureMethod: CaptureMethod = .automatic,
        amountCapturable: Int64 = 0,
        amountCaptured: Int64 = 0,
        amountRefunded: Int64 = 0,
        disputed: Bool = false,
        paymentMethod: String? = nil,
        lastError: PaymentDecline? = nil,
        nextAction: NextAction? = nil,
        metadata: [String: String] = [:],
        created: Int64 = 0
    ) {
        self.id = id
        self.amount = amount
        self.currency = currency
        self.status = status
        self.captureMethod = captureMethod
        self.amountCapturable = amountCapturable
        self.amountCaptured = amountCaptured
        self.amountRefunded = amountRefunded
        self.disputed = disputed
        self.paymentMethod = paymentMethod
        self.lastError = lastError
        self.nextAction = nextAction
        self.metadata = metadata
        self.created = created
    }

    private enum CodingKeys: String, CodingKey {
        case id
        case amount
        case currency
        case status
        case captureMethod = "capture_method"
        case amountCapturable = "amount_capturable"
        case amountCaptured = "amount_captured"
        case amountRefunded = "amount_refunded"
        case disputed
        case paymentMethod = "payment_method"
        case lastError = "last_payment_error"
        case nextAction = "next_action"
        case metadata
        case created
    }
}
