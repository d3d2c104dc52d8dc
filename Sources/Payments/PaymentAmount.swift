/// An amount of money in minor units of a currency.
public struct PaymentAmount: Sendable, Hashable, Codable {
    /// Minor units of the currency (cents for EUR, yen for JPY).
    public var amount: Int64
    /// ISO 4217 code in lower case.
    public var currency: String

    /// Creates an amount; the currency's case does not matter.
    public init(amount: Int64, currency: String) {
        self.amount = amount
        self.currency = currency.lowercased()
    }
}

/// When an authorized amount is collected.
public enum CaptureMethod: String, Sendable, Hashable, Codable {
    /// At once, in the confirmation.
    case automatic
    /// By a later capture.
    case manual
}

/// The payer's answer to the bank's challenge, for providers that take it from the merchant.
public enum Authentication: String, Sendable, Hashable, Codable {
    /// The payer approved.
    case succeed
    /// The payer refused or failed.
    case fail
}
