/// Settings of carts, orders, payments and downloads.
public struct CommerceConfiguration: Sendable {
    /// The platform's share of each sale in basis points (1000 = 10 %), rounded down per line.
    public var platformFeeBasisPoints = 1000
    /// After which time an unpaid order expires.
    public var orderExpiry: Duration = .seconds(24 * 3600)
    /// How long a cart lives after its last change.
    public var cartLifetime: Duration = .seconds(30 * 86_400)
    /// Items that one cart holds at most.
    public var cartItems = 100
    /// Counted downloads per file of a purchase, unless the product has a limit of its own for the whole purchase.
    public var downloadsPerFile = 5
    /// How long after a counted download of a file another grant for it is free.
    public var reissueWindow: Duration = .seconds(24 * 3600)
    /// The lifetime of a grant for an empty file; larger ones get the time that a slow line takes on top.
    public var minimumGrantLifetime: Duration = .seconds(3600)
    /// The longest lifetime of a grant.
    public var maximumGrantLifetime: Duration = .seconds(7 * 86_400)
    /// The lifetime of the links in a mail.
    public var mailLinkLifetime: Duration = .seconds(7 * 86_400)
    /// After which time a request that claimed an idempotency key is taken for dead.
    public var idempotencyClaim: Duration = .seconds(60)
    /// How long an idempotency key is remembered.
    public var idempotencyLifetime: Duration = .seconds(24 * 3600)
    /// Entries that the log of downloads keeps.
    public var downloadLogEntries = 100_000

    /// The bytes per millisecond that a slow line carries (100 kB/s); a grant must outlive the transfer it starts.
    static let slowLineBytesPerMillisecond = 100

    /// The defaults.
    public init() {}
}
