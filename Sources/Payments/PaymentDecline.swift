/// Why a payment was refused, in the field's vocabulary.
public struct PaymentDecline: Error, Sendable, Hashable, Codable {
    /// `card_declined`, `expired_card`, `incorrect_cvc`, `processing_error`, `payment_intent_authentication_failure`.
    public var code: String
    /// The issuer's reason where there is one, such as `generic_decline` or `insufficient_funds`.
    public var declineCode: String?
    /// A sentence that can be shown to the payer.
    public var message: String

    /// Creates a decline from its parts.
    public init(code: String, declineCode: String? = nil, message: String) {
        self.code = code
        self.declineCode = declineCode
        self.message = message
    }

    private enum CodingKeys: String, CodingKey {
        case code
        case declineCode = "decline_code"
        case message
    }
}
