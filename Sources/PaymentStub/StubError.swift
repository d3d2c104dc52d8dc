import Payments

/// A refusal in the field's form: `{"error": {type, code, decline_code, message, param, payment_intent}}`.
struct StubError: Error, Sendable {
    enum Kind: String, Encodable, Sendable {
        case api = "api_error"
        case authentication = "authentication_error"
        case card = "card_error"
        case idempotency = "idempotency_error"
        case invalidRequest = "invalid_request_error"
    }

    var status: Int
    var kind: Kind
    var code: String?
    var declineCode: String?
    var message: String
    var param: String?
    var intent: PaymentIntent?

    static func invalid(_ code: String, param: String? = nil, _ message: String) -> StubError {
        StubError(status: 400, kind: .invalidRequest, code: code, message: message, param: param)
    }

    static func missing(_ what: String, id: String, param: String, status: Int = 404) -> StubError {
        let message = "No such \(what): '\(id)'"
        return StubError(
            status: status, kind: .invalidRequest, code: "resource_missing", message: message, param: param)
    }

    static func card(_ code: String, param: String, _ message: String) -> StubError {
        StubError(status: 402, kind: .card, code: code, message: message, param: param)
    }

    static func declined(_ decline: PaymentDecline, intent: PaymentIntent) -> StubError {
        StubError(
            status: 402,
            kind: .card,
            code: decline.code,
            declineCode: decline.declineCode,
            message: decline.message,
            intent: intent
        )
    }

    static func unexpectedState(_ intent: PaymentIntent, _ verb: String) -> StubError {
        StubError(
            status: 400,
            kind: .invalidRequest,
            code: "payment_intent_unexpected_state",
            message: "This PaymentIntent could not be \(verb) because its status is \(intent.status.rawValue).",
            intent: intent
        )
    }
}

extension StubError: Encodable {
    private enum RootKeys: String, CodingKey {
        case error
    }

    private enum CodingKeys: String, CodingKey {
        case kind = "type"
        case code
        case declineCode = "decline_code"
        case message
        case param
        case intent = "payment_intent"
    }

    func encode(to encoder: any Encoder) throws {
        var root = encoder.container(keyedBy: RootKeys.self)
        var container = root.nestedContainer(keyedBy: CodingKeys.self, forKey: .error)
        try container.encode(kind, forKey: .kind)
        try container.encodeIfPresent(code, forKey: .code)
        try container.encodeIfPresent(declineCode, forKey: .declineCode)
        try container.encode(message, forKey: .message)
        try container.encodeIfPresent(param, forKey: .param)
        try container.encodeIfPresent(intent, forKey: .intent)
    }
}
