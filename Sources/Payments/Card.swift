/// A card as its holder typed it, on its way to the provider.
///
/// It is `Decodable` for request bodies and nothing more: it has no `Encodable` conformance, and every textual form hides the number and
/// the code, so that neither a log line nor a job's payload can carry them by accident.
public struct Card: Sendable, Decodable {
    /// The digits; spaces and hyphens are allowed.
    public var number: String
    /// Month of expiry, 1 to 12.
    public var expMonth: Int
    /// Year of expiry in four digits.
    public var expYear: Int
    /// The card verification code, three or four digits.
    public var cvc: String

    /// Creates a card from its parts; nothing is checked here.
    public init(number: String, expMonth: Int, expYear: Int, cvc: String) {
        self.number = number
        self.expMonth = expMonth
        self.expYear = expYear
        self.cvc = cvc
    }

    private enum CodingKeys: String, CodingKey {
        case number
        case expMonth = "exp_month"
        case expYear = "exp_year"
        case cvc
    }
}

extension Card: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The expiry and nothing else.
    public var description: String { "Card(•••• exp \(expMonth)/\(expYear))" }
    /// The same as `description`.
    public var debugDescription: String { description }
    /// No children, so that `dump` and reflecting loggers show nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A tokenised card: safe to store and to show.
public struct PaymentMethod: Sendable, Hashable, Codable {
    /// The token, `pm_…`.
    public var id: String
    /// `visa`, `mastercard`, `amex`, `unknown`.
    public var brand: String
    /// The last four digits.
    public var last4: String
    /// Month of expiry.
    public var expMonth: Int
    /// Year of expiry.
    public var expYear: Int

    /// Creates a payment method from its parts.
    public init(id: String, brand: String, last4: String, expMonth: Int, expYear: Int) {
        self.id = id
        self.brand = brand
        self.last4 = last4
        self.expMonth = expMonth
        self.expYear = expYear
    }

    private enum CodingKeys: String, CodingKey {
        case id
        case brand
        case last4
        case expMonth = "exp_month"
        case expYear = "exp_year"
    }
}
