/// A payment operation that did not return its result, and what is known about it.
public struct PaymentError: Error, Sendable {
    /// What kind of failure it was.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String {
            case declined, invalidCard, invalidRequest, notFound, unexpectedState, idempotencyMismatch, inFlight
            case authentication, unavailable, unknownOutcome, invalidSignature, malformedEvent
        }

        private let value: Value

        private init(_ value: Value) {
            self.value = value
        }

        /// The payment was decided against, finally for this payment method: see `decline` and `intent`.
        public static let declined = Self(.declined)
        /// The card cannot exist as typed; `parameter` names the field, `providerCode` the reason.
        public static let invalidCard = Self(.invalidCard)
        /// The provider refuses the request as such: a mistake in the program; nothing happened.
        public static let invalidRequest = Self(.invalidRequest)
        /// The provider does not know the id; nothing happened.
        public static let notFound = Self(.notFound)
        /// The intent's state does not allow it, as `intent` shows; nothing happened.
        public static let unexpectedState = Self(.unexpectedState)
        /// The idempotency key was used with other arguments; nothing happened now.
        public static let idempotencyMismatch = Self(.idempotencyMismatch)
        /// A request with the same key is running: repeat with the same key in a moment.
        public static let inFlight = Self(.inFlight)
        /// The provider does not accept the secret key; nothing happened.
        public static let authentication = Self(.authentication)
        /// The provider was not reached or refused for now (connect failure, 429, 503); nothing happened.
        public static let unavailable = Self(.unavailable)
        /// The answer was lost (timeout, cut connection, 500, 502, 504): the operation may have happened.
        ///
        /// Repeat with the same key, or retrieve.
        public static let unknownOutcome = Self(.unknownOutcome)
        /// A webhook's signature does not verify.
        public static let invalidSignature = Self(.invalidSignature)
        /// A webhook verified but cannot be read.
        public static let malformedEvent = Self(.malformedEvent)

        /// The code's name.
        public var description: String { value.rawValue }
    }

    /// What kind of failure it was.
    public var code: Code
    /// A sentence for logs and people.
    public var message: String
    /// The provider's own code, such as `card_declined` or `incorrect_number`.
    public var providerCode: String?
    /// The parameter at fault, such as `number` or `exp_year`.
    public var parameter: String?
    /// Set for `.declined`.
    public var decline: PaymentDecline?
    /// The intent as it stands, where the provider sent it.
    public var intent: PaymentIntent?
    /// The HTTP status, if an answer came.
    public var status: Int?
    /// What the transport reported, if no answer came.
    public var underlying: (any Error)?

    /// Creates an error from its parts.
    public init(
        _ code: Code,
        message: String,
        providerCode: String? = nil,
        parameter: String? = nil,
        decline: PaymentDecline? = nil,
        intent: PaymentIntent? = nil,
        status: Int? = nil,
        underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.providerCode = providerCode
        self.parameter = parameter
        self.decline = decline
        self.intent = intent
        self.status = status
        self.underlying = underlying
    }

    /// Whether repeating the same call with the same idempotency key is right.
    public var isRetryable: Bool { code == .unavailable || code == .unknownOutcome || code == .inFlight }
}

extension PaymentError: CustomStringConvertible {
    /// The code, the message and the details that are known.
    public var description: String {
        var text = "payment \(code): \(message)"
        if let status { text += " (HTTP \(status))" }
        if let parameter { text += " [\(parameter)]" }
        if let underlying { text += ": \(underlying)" }
        return text
    }
}
