/// The payment of an order; it may take several attempts.
public struct Payment: Sendable, Equatable {
    /// Why the last attempt was refused.
    public struct Decline: Sendable, Equatable, Encodable {
        /// `card_declined`, `expired_card`, `incorrect_cvc`, `processing_error` and the like.
        public let code: String
        /// The issuer's reason where there is one, such as `insufficient_funds`; else the code again.
        public let declineCode: String
        /// A sentence that can be shown to the buyer.
        public let message: String

        private enum CodingKeys: String, CodingKey {
            case code
            case declineCode = "decline_code"
            case message
        }
    }

    /// What the buyer must do next.
    public struct NextAction: Sendable, Equatable, Encodable {
        /// `authenticate`.
        public let type: String
        /// The page of the buyer's bank.
        public let url: String
    }

    /// `pay_…`.
    public let id: String
    /// The order that it pays.
    public let orderID: String
    /// Where the payment stands.
    public let status: PaymentStatus
    /// The number of the attempt, from 1; it goes up when the buyer pays again.
    public let number: Int
    /// The amount.
    public let amount: Money
    /// Set after a decline, until the next attempt.
    public let decline: Decline?
    /// Set while the buyer must act.
    public let nextAction: NextAction?
    /// The provider's intent of this attempt, once it is known.
    public let intentID: String?
    /// The provider's token of what is paid with.
    let method: String?
    /// The buyer's answer to the bank's challenge, once given.
    let answer: String?
}

extension Payment: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id, status, number, amount, decline
        case nextAction = "next_action"
    }

    /// Writes the payment's representation; a late success is a canceled payment to the buyer.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode((status == .lateSuccess ? .canceled : status).rawValue, forKey: .status)
        try container.encode(number, forKey: .number)
        try container.encode(amount, forKey: .amount)
        try container.encode(decline, forKey: .decline)
        try container.encode(nextAction, forKey: .nextAction)
    }
}

extension Payment {
    init(record: CommerceRecord) throws {
        let code = record.optional("decline_code")
        let action = record.optional("action_type")
        self.init(
            id: try record.text("id"),
            orderID: try record.text("order"),
            status: try record.value("status"),
            number: try record.integer("number"),
            amount: Money(amount: try record.integer("amount"), currency: try record.text("currency")),
            decline: code.map {
                Decline(
                    code: $0, declineCode: record.optional("decline_reason") ?? $0,
                    message: record.optional("decline_message") ?? "The payment was declined.")
            },
            nextAction: action.map { NextAction(type: $0, url: record.optional("action_url") ?? "") },
            intentID: record.optional("intent"),
            method: record.optional("method"),
            answer: record.optional("answer")
        )
    }
}
