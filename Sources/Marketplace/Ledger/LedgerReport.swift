/// What a verification of the books found.
public struct LedgerReport: Codable, Sendable, Equatable {
    /// The sums of one currency in minor units, by the ledger's own lines.
    public struct Totals: Codable, Sendable, Equatable {
        /// The ISO 4217 code.
        public var currency: String
        /// The sum of all accounts: zero, or money came from nowhere.
        public var sum: Int64
        /// What the provider holds: payments less refunds.
        public var received: Int64
        /// What sellers earned.
        public var sellers: Int64
        /// What the platform earned.
        public var platform: Int64
        /// What is owed back to buyers.
        public var refundsDue: Int64

        private enum CodingKeys: String, CodingKey {
            case currency, sum, received, sellers, platform
            case refundsDue = "refunds_due"
        }
    }

    /// Something that is wrong.
    public struct Problem: Codable, Sendable, Equatable {
        /// What kind: `unbalanced`, `unreadable`, `order_mismatch`, `payment_mismatch`, `duplicate_sale`,
        /// `missing_sale`, `balance_mismatch` or `currency_sum`.
        public var kind: String
        /// The ledger entry, order or account.
        public var subject: String
        /// A sentence for people.
        public var detail: String
    }

    /// Whether the books are right.
    public var ok: Bool { problemCount == 0 }
    /// Ledger transactions read.
    public var transactions = 0
    /// Paid orders compared.
    public var paidOrders = 0
    /// The sums, by currency.
    public var currencies: [Totals] = []
    /// The first hundred problems.
    public var problems: [Problem] = []
    /// All problems.
    public var problemCount = 0

    private enum CodingKeys: String, CodingKey {
        case ok, transactions, currencies, problems
        case paidOrders = "paid_orders"
        case problemCount = "problem_count"
    }

    init() {}

    mutating func add(_ kind: String, _ subject: String, _ detail: String) {
        problemCount += 1
        if problems.count < 100 {
            problems.append(Problem(kind: kind, subject: subject, detail: detail))
        }
    }

    /// Reads a report.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        transactions = try container.decode(Int.self, forKey: .transactions)
        paidOrders = try container.decode(Int.self, forKey: .paidOrders)
        currencies = try container.decode([Totals].self, forKey: .currencies)
        problems = try container.decode([Problem].self, forKey: .problems)
        problemCount = try container.decode(Int.self, forKey: .problemCount)
    }

    /// Writes the report.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(ok, forKey: .ok)
        try container.encode(transactions, forKey: .transactions)
        try container.encode(paidOrders, forKey: .paidOrders)
        try container.encode(currencies, forKey: .currencies)
        try container.encode(problems, forKey: .problems)
        try container.encode(problemCount, forKey: .problemCount)
    }
}
