import Foundation
import Payments

/// Checks a card's fields as a payment form would, and says which one is wrong and how.
struct CardValidation {
    struct Accepted {
        var brand: String
        var last4: String
        var behaviour: CardBehaviour
    }

    let now: Date

    func check(_ card: Card) throws(StubError) -> Accepted {
        let digits = card.number.filter { $0 != " " && $0 != "-" }
        let isNumeric = digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumeric, (12...19).contains(digits.utf8.count) else {
            throw .card("invalid_number", param: "number", "The card number is not a valid credit card number.")
        }
        guard Self.passesLuhn(digits) else {
            throw .card("incorrect_number", param: "number", "Your card number is incorrect.")
        }
        try checkExpiry(month: card.expMonth, year: card.expYear)
        let brand = Self.brand(of: digits)
        let isCode = card.cvc.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isCode, card.cvc.utf8.count == (brand == "amex" ? 4 : 3) else {
            throw .card("invalid_cvc", param: "cvc", "Your card's security code is invalid.")
        }
        return Accepted(brand: brand, last4: String(digits.suffix(4)), behaviour: CardBehaviour(number: digits))
    }

    private func checkExpiry(month: Int, year: Int) throws(StubError) {
        guard (1...12).contains(month) else {
            throw .card("invalid_expiry_month", param: "exp_month", "Your card's expiration month is invalid.")
        }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let today = calendar.dateComponents([.year, .month], from: now)
        let thisYear = today.year ?? 1970
        guard (thisYear...thisYear + 50).contains(year) else {
            throw .card("invalid_expiry_year", param: "exp_year", "Your card's expiration year is invalid.")
        }
        guard year > thisYear || month >= today.month ?? 1 else {
            throw .card("invalid_expiry_month", param: "exp_month", "Your card's expiration month is in the past.")
        }
    }

    /// The check digit of ISO/IEC 7812-1, annex B.
    static func passesLuhn(_ digits: String) -> Bool {
        var sum = 0
        for (position, byte) in digits.utf8.reversed().enumerated() {
            let digit = Int(byte) - Int(UInt8(ascii: "0"))
            let weighted = position.isMultiple(of: 2) ? digit : digit * 2
            sum += weighted > 9 ? weighted - 9 : weighted
        }
        return sum.isMultiple(of: 10)
    }

    private static func brand(of digits: String) -> String {
        if digits.hasPrefix("4") { return "visa" }
        if digits.hasPrefix("34") || digits.hasPrefix("37") { return "amex" }
        let prefix = Int(digits.prefix(4)) ?? 0
        return (5100...5599).contains(prefix) || (2221...2720).contains(prefix) ? "mastercard" : "unknown"
    }
}
