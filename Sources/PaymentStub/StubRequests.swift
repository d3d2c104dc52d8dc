import Foundation
import Payments

/// An integer whose errors name its parameter: Foundation's do not, for a number with a fraction.
@propertyWrapper
struct WholeNumber: Decodable {
    var wrappedValue: Int64

    init(from decoder: any Decoder) throws {
        do {
            wrappedValue = try Int64(from: decoder)
        } catch {
            let context = DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "not a whole number")
            throw DecodingError.typeMismatch(Int64.self, context)
        }
    }
}

struct MethodRequest: Decodable {
    var type: String?
    var card: Card
}

struct IntentRequest: Decodable {
    /// Stripe's bounds.
    private static let maximumAmount: Int64 = 99_999_999

    @WholeNumber var amount: Int64
    var currency: String
    var captureMethod: CaptureMethod?
    var paymentMethod: String?
    var metadata: [String: String]?

    enum CodingKeys: String, CodingKey {
        case amount
        case currency
        case captureMethod = "capture_method"
        case paymentMethod = "payment_method"
        case metadata
    }

    func validatedAmount() throws(StubError) -> PaymentAmount {
        guard amount >= 1 else {
            throw .invalid(
                "parameter_invalid_integer", param: "amount", "This value must be greater than or equal to 1.")
        }
        guard amount <= Self.maximumAmount else {
            throw .invalid("amount_too_large", param: "amount", "Amount must be no more than \(Self.maximumAmount).")
        }
        let isCode = currency.utf8.count == 3 && currency.utf8.allSatisfy { Character(UnicodeScalar($0)).isLetter }
        guard isCode else {
            throw .invalid("invalid_currency", param: "currency", "Invalid currency: it must be an ISO 4217 code.")
        }
        return PaymentAmount(amount: amount, currency: currency)
    }

    func validatedMetadata() throws(StubError) -> [String: String] {
        let metadata = metadata ?? [:]
        let fits = metadata.count <= 50 && metadata.allSatisfy { $0.key.count <= 40 && $0.value.count <= 500 }
        guard fits else {
            throw .invalid(
                "metadata_too_large",
                param: "metadata",
                "Metadata can have up to 50 keys of 40 characters with values of 500."
            )
        }
        return metadata
    }
}

struct ConfirmRequest: Decodable {
    var paymentMethod: String?
    var authentication: Authentication?

    enum CodingKeys: String, CodingKey {
        case paymentMethod = "payment_method"
        case authentication
    }
}

struct CaptureRequest: Decodable {
    var amountToCapture: Int64?

    enum CodingKeys: String, CodingKey {
        case amountToCapture = "amount_to_capture"
    }
}

struct RefundRequest: Decodable {
    var paymentIntent: String
    var amount: Int64?

    enum CodingKeys: String, CodingKey {
        case paymentIntent = "payment_intent"
        case amount
    }
}

/// A value with its `object` member, as every body has it.
struct Body<Value: Encodable>: Encodable {
    var object: String
    var clientSecret: String?
    var value: Value

    enum CodingKeys: String, CodingKey {
        case object
        case clientSecret = "client_secret"
    }

    func encode(to encoder: any Encoder) throws {
        try value.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(object, forKey: .object)
        try container.encodeIfPresent(clientSecret, forKey: .clientSecret)
    }
}

extension Body: Sendable where Value: Sendable {}

struct ListBody<Value: Encodable>: Encodable {
    var object = "list"
    var data: [Value]
    var hasMore: Bool

    enum CodingKeys: String, CodingKey {
        case object
        case data
        case hasMore = "has_more"
    }
}

enum StubJSON {
    /// Reads a body; an empty one is an empty object.
    ///
    /// The error names the parameter at fault and never quotes the body.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws(StubError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes.isEmpty ? Array("{}".utf8) : bytes))
        } catch DecodingError.keyNotFound(let key, let context) {
            let param = (context.codingPath + [key]).map(\.stringValue).joined(separator: ".")
            throw .invalid("parameter_missing", param: param, "Missing required param: \(param).")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            let param = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw .invalid("parameter_invalid", param: param, "Invalid value for param: \(param).")
        } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
            let param = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw .invalid("parameter_invalid", param: param, "Invalid value for param: \(param).")
        } catch {
            throw .invalid("invalid_json", "The body is not a JSON object.")
        }
    }

    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
