import Crypto
import Foundation
import HTTPSupport
import Hummingbird
import HTTPTypes
import Marketplace
import Payments

/// How a buyer pays: a new card, or a payment method that the provider knows.
///
/// The card's number goes to the provider and nowhere else: it is in no log, no Redis key and no fingerprint.
struct PaymentChoice {
    let card: Card?
    let method: String?

    init(card: Card?, method: String?) throws(Problem) {
        if card != nil, method != nil {
            throw Problem.invalid("/payment_method", "conflict", "Give a card or a payment method, not both.")
        }
        if let card {
            let digits = card.number.filter { $0 != " " && $0 != "-" }
            guard (12...19).contains(digits.count), digits.allSatisfy(\.isASCIIDigit) else {
                throw Problem.invalid("/card/number", "invalid_number", "12 to 19 digits.")
            }
            guard (1...12).contains(card.expMonth) else {
                throw Problem.invalid("/card/exp_month", "out_of_range", "A month from 1 to 12.")
            }
            guard (2000...2100).contains(card.expYear) else {
                throw Problem.invalid("/card/exp_year", "out_of_range", "A year with four digits.")
            }
            guard (3...4).contains(card.cvc.count), card.cvc.allSatisfy(\.isASCIIDigit) else {
                throw Problem.invalid("/card/cvc", "invalid_cvc", "3 or 4 digits.")
            }
            self.card = Card(number: digits, expMonth: card.expMonth, expYear: card.expYear, cvc: card.cvc)
        } else {
            self.card = nil
        }
        self.method = method
    }

    /// What tells one choice from another in an idempotency fingerprint: of a card its last four digits and its expiry,
    /// because a hash of the number could be searched for the number.
    var fingerprint: String {
        if let card { return "card:\(card.number.suffix(4)):\(card.expMonth):\(card.expYear)" }
        return method.map { "method:\($0)" } ?? "none"
    }

    /// The payment method's id; a card is exchanged for one now.
    func resolve(_ provider: any PaymentProvider) async throws -> String? {
        guard let card else { return method }
        return try await provider.createPaymentMethod(card).id
    }
}

extension Character {
    var isASCIIDigit: Bool { isASCII && isNumber }
}

/// The body of a checkout.
struct CheckoutRequest: Decodable {
    var quote: String
    var card: Card?
    var paymentMethod: String?

    enum CodingKeys: String, CodingKey {
        case quote, card
        case paymentMethod = "payment_method"
    }
}

/// The body of a confirmation: an answer to the challenge, or another way to pay.
struct ConfirmationRequest: Decodable {
    var authentication: String?
    var card: Card?
    var paymentMethod: String?

    enum CodingKeys: String, CodingKey {
        case authentication, card
        case paymentMethod = "payment_method"
    }
}

/// `Prefer: wait=N` (RFC 7240 §4.3): seconds to wait for the outcome.
enum Preference {
    static let standardWait = 10
    static let maximumWait = 30

    static func wait(_ headers: HTTPFields) -> Int {
        for value in headers[values: .prefer] {
            for part in value.split(whereSeparator: { $0 == "," || $0 == ";" }) {
                let halves = part.split(separator: "=", maxSplits: 1).map(\.trimmed)
                guard halves.count == 2, halves[0].lowercased() == "wait", let seconds = Int(halves[1]), seconds >= 0
                else { continue }
                return min(seconds, maximumWait)
            }
        }
        return standardWait
    }
}

/// A hash of everything that makes two requests the same.
enum Fingerprint {
    static func of(_ parts: [String]) -> String {
        var hash = SHA256()
        for part in parts {
            hash.update(data: Data("\(part.utf8.count):\(part)".utf8))
        }
        return hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
