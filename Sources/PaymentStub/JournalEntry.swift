import Payments

/// A payment method and what it will do.
struct StoredMethod: Codable, Sendable {
    var method: PaymentMethod
    var behaviour: CardBehaviour
}

/// An intent and what only the stub knows about it.
struct StoredIntent: Codable, Sendable {
    var intent: PaymentIntent
    /// Lets the payer's browser, which has no secret key, open the challenge page.
    var clientSecret: String
    var behaviour: CardBehaviour?
    /// When a processing payment is decided, in ms since 1970.
    var settlesAt: Int64?
}

/// A refund and when the bank returns it.
struct StoredRefund: Codable, Sendable {
    var refund: PaymentRefund
    /// In ms since 1970.
    var failsAt: Int64?
}

/// An event and how its delivery stands.
struct StoredEvent: Codable, Sendable {
    enum Delivery: String, Codable, Sendable {
        /// No receiver is configured.
        case none
        case pending
        case delivered
        /// Lost on purpose by a fault knob.
        case dropped
        case abandoned
    }

    var event: PaymentEvent
    var delivery: Delivery
    var attempts: Int
}

/// One attempt to deliver an event, for the delivery log.
struct DeliveryAttempt: Codable, Sendable {
    var id: String
    var event: String
    var type: String
    var attempt: Int
    var url: String
    /// In ms since 1970.
    var at: Int64
    /// `delivered`, `failed` or `dropped`.
    var outcome: String
    var status: Int?
    var error: String?
}

/// The answer that a key's first request got.
struct StoredKey: Codable, Sendable {
    var key: String
    var fingerprint: String
    var reply: Reply
    /// In ms since 1970.
    var at: Int64
}

/// A status and a JSON body.
struct Reply: Codable, Sendable, Equatable {
    var status: Int
    var body: String
}

/// One line of the journal: all that one request changed, as the new values, so that applying it is assignment and a line is all or nothing.
struct JournalEntry: Codable, Sendable {
    var methods: [StoredMethod]?
    var intents: [StoredIntent]?
    var refunds: [StoredRefund]?
    var disputes: [PaymentDispute]?
    var events: [StoredEvent]?
    var attempts: [DeliveryAttempt]?
    var key: StoredKey?

    var isEmpty: Bool {
        methods == nil && intents == nil && refunds == nil && disputes == nil && events == nil && attempts == nil
            && key == nil
    }
}
