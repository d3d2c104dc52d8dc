/// An amount of money: a whole number of the currency's minor units.
public struct Money: Codable, Hashable, Sendable {
    /// The amount in minor units (cents for USD, yen for JPY); negative for what is taken away.
    public var amount: Int64
    /// The ISO 4217 code, in capitals.
    public var currency: String

    /// Makes an amount of money; the code is not checked here, see ``exponent(of:)``.
    public init(amount: Int64, currency: String) {
        self.amount = amount
        self.currency = currency
    }

    /// How many decimals the currency has by ISO 4217; `nil` for a code that is not in use.
    public static func exponent(of currency: String) -> Int? {
        guard currency.utf8.count == 3 else { return nil }
        if zeroDecimals.contains(currency) { return 0 }
        if threeDecimals.contains(currency) { return 3 }
        return twoDecimals.contains(currency) ? 2 : nil
    }

    /// The amount for people, with the currency's decimals: `12.34 EUR`, `500 JPY`.
    public func formatted() -> String {
        let exponent = Money.exponent(of: currency) ?? 2
        var digits = String(amount.magnitude)
        if exponent > 0 {
            digits = String(repeating: "0", count: max(0, exponent + 1 - digits.utf8.count)) + digits
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -exponent))
        }
        return (amount < 0 ? "-" : "") + digits + " " + currency
    }

    /// The sum of two amounts.
    ///
    /// - Throws: ``MarketplaceError`` `currency_mismatch` or `amount_out_of_range`: never a wrong sum.
    public func adding(_ other: Money) throws(MarketplaceError) -> Money {
        guard currency == other.currency else {
            throw .conflict("currency_mismatch", "\(currency) and \(other.currency) can't be added.")
        }
        let (sum, overflow) = amount.addingReportingOverflow(other.amount)
        guard !overflow else {
            throw .conflict("amount_out_of_range", "The sum is out of range.")
        }
        return Money(amount: sum, currency: currency)
    }
}

// The currencies of ISO 4217 (list one, 2024) without metals, funds and test codes.
private let zeroDecimals: Set<String> = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
]
private let threeDecimals: Set<String> = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
private let twoDecimals: Set<String> = [
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD", "BND",
    "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY", "COP", "CRC", "CUP", "CVE", "CZK",
    "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD",
    "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK",
    "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN",
    "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON",
    "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP",
    "SZL", "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "VED", "VES", "WST",
    "XCD", "YER", "ZAR", "ZMW", "ZWG",
]
