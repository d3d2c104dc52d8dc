import RedisClient

/// What has happened in an installation since its beginning, counted in the scripts that make it happen: exactly once.
public struct InstallationTotals: Sendable, Equatable {
    /// Orders that reached a state: `created`, `paid`, `fulfilled`, `canceled`, `expired`.
    public var orders: [String: Int64]
    /// Charges that were declined, by the decline's code; `other` for one that is not known.
    public var declines: [String: Int64]
    /// Uploads that ingestion decided on: `ready`, `rejected`, `quarantined`.
    public var uploads: [String: Int64]
    /// What buyers paid, by currency.
    public var captured: [Money]
    /// What was paid back, by currency.
    public var refunded: [Money]
    /// What the platform earned, by currency.
    public var fees: [Money]
    /// When the ledger was last verified, in Unix milliseconds; `nil` for never.
    public var ledgerVerifiedAt: Int64?
    /// What that verification found wrong; 0 is right.
    public var ledgerProblems: Int64?

    static let orderStates = ["created", "paid", "fulfilled", "canceled", "expired"]
    /// The same as in `Lua/order_lib.lua`.
    static let declineCodes = [
        "card_declined", "expired_card", "incorrect_cvc", "processing_error", "payment_canceled",
        "payment_intent_authentication_failure", "other",
    ]
    static let uploadStates = ["ready", "rejected", "quarantined"]

    init(totals: [String: String], verified: [String: String]) {
        var counts: [String: [String: Int64]] = [:]
        for (field, value) in totals {
            let parts = field.split(separator: "|", maxSplits: 1).map(String.init)
            if parts.count == 2, let value = Int64(value) { counts[parts[0], default: [:]][parts[1]] = value }
        }
        func states(_ what: String, _ known: [String]) -> [String: Int64] {
            Dictionary(uniqueKeysWithValues: known.map { ($0, counts[what]?[$0] ?? 0) })
        }
        func money(_ what: String) -> [Money] {
            (counts[what] ?? [:]).map { Money(amount: $1, currency: $0) }.sorted { $0.currency < $1.currency }
        }
        orders = states("orders", Self.orderStates)
        declines = states("declines", Self.declineCodes)
        uploads = states("uploads", Self.uploadStates)
        captured = money("captured")
        refunded = money("refunded")
        fees = money("fees")
        ledgerVerifiedAt = verified["at"].flatMap { Int64($0) }
        ledgerProblems = verified["problems"].flatMap { Int64($0) }
    }
}

extension Marketplace {
    /// Reads the totals; the cost is that of the states and currencies, however many orders there were.
    public func totals() async throws -> InstallationTotals {
        async let totals = redis.send(RedisCommand("HGETALL", RedisArgument(keys.totals)))
        async let verified = redis.send(RedisCommand("HGETALL", RedisArgument(keys.ledgerVerified)))
        return InstallationTotals(
            totals: ScriptReply.record(try await totals), verified: ScriptReply.record(try await verified))
    }
}
