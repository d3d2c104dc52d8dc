import Foundation

/// Request and error bodies of the stub's dialect.
struct WireCard: Encodable {
    struct Fields: Encodable {
        var number: String
        var expMonth: Int
        var expYear: Int
        var cvc: String

        init(_ card: Card) {
            number = card.number
            expMonth = card.expMonth
            expYear = card.expYear
            cvc = card.cvc
        }

        enum CodingKeys: String, CodingKey {
            case number
            case expMonth = "exp_month"
            case expYear = "exp_year"
            case cvc
        }
    }

    var type = "card"
    var card: Fields
}

struct WireIntent: Encodable {
    var amount: Int64
    var currency: String
    var captureMethod: CaptureMethod
    var paymentMethod: String?
    var metadata: [String: String]

    enum CodingKeys: String, CodingKey {
        case amount
        case currency
        case captureMethod = "capture_method"
        case paymentMethod = "payment_method"
        case metadata
    }
}

struct WireConfirmation: Encodable {
    var paymentMethod: String?
    var authentication: Authentication?

    enum CodingKeys: String, CodingKey {
        case paymentMethod = "payment_method"
        case authentication
    }
}

struct WireCapture: Encodable {
    var amountToCapture: Int64?

    enum CodingKeys: String, CodingKey {
        case amountToCapture = "amount_to_capture"
    }
}

struct WireRefund: Encodable {
    var paymentIntent: String
    var amount: Int64?

    enum CodingKeys: String, CodingKey {
        case paymentIntent = "payment_intent"
        case amount
    }
}

struct WireEmpty: Encodable {}

/// The provider's error object.
struct WireError: Decodable {
    struct Body: Decodable {
        var type: String
        var code: String?
        var declineCode: String?
        var message: String?
        var param: String?
        var paymentIntent: PaymentIntent?

        enum CodingKeys: String, CodingKey {
            case type
            case code
            case declineCode = "decline_code"
            case message
            case param
            case paymentIntent = "payment_intent"
        }
    }

    var error: Body
}

extension PaymentError {
    /// Sorts an answer that is not a success.
    init(status: Int, body: [UInt8], changesState: Bool) {
        // A body that is not an error object (a proxy's page) leaves the status to speak.
        let wire = (try? JSONDecoder().decode(WireError.self, from: Data(body)))?.error
        self.init(
            Self.code(status: status, wire: wire, changesState: changesState),
            message: wire?.message ?? "the payment service answered \(status)",
            providerCode: wire?.code,
            parameter: wire?.param,
            intent: wire?.paymentIntent,
            status: status
        )
        if code == .declined, let wire {
            decline = PaymentDecline(
                code: wire.code ?? "card_declined", declineCode: wire.declineCode, message: message)
        }
    }

    private static func code(status: Int, wire: WireError.Body?, changesState: Bool) -> Code {
        switch status {
        case 401, 403: return .authentication
        case 404: return .notFound
        case 409: return .inFlight
        case 429, 503: return .unavailable
        case 500...: return changesState ? .unknownOutcome : .unavailable
        default: break
        }
        switch (wire?.type, wire?.code) {
        case ("card_error", _): return wire?.param == nil ? .declined : .invalidCard
        case ("idempotency_error", _): return .idempotencyMismatch
        case (_, "payment_intent_unexpected_state"): return .unexpectedState
        default: return .invalidRequest
        }
    }
}
