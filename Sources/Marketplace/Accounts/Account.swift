/// Whether an account can be used.
public enum AccountStatus: String, Codable, Sendable, CaseIterable {
    /// Its address waits for the mailed code.
    case unconfirmed
    /// It signs in.
    case active
    /// Operators have shut it out.
    case suspended
}

/// An account as operators see it.
public struct Account: Sendable, Equatable {
    /// What its owner sees.
    public var user: User
    /// Whether it can be used.
    public var status: AccountStatus
    /// Since when it is suspended.
    public var suspendedAt: Timestamp?
    /// Why, in the operator's words; its owner is not told.
    public var suspensionReason: String?
    /// Sessions that are good now.
    public var sessions: Int

    init(record: [String: String]) throws {
        user = try User(record: record)
        guard let status = record["status"].flatMap({ AccountStatus(rawValue: $0) }) else {
            throw RecordError("usr:\(user.id)", field: "status")
        }
        self.status = status
        suspendedAt = record["suspended"].flatMap { Int64($0) }.map { Timestamp(milliseconds: $0) }
        suspensionReason = record["suspension_reason"].flatMap { $0.isEmpty ? nil : $0 }
        sessions = record["sessions"].flatMap { Int($0) } ?? 0
    }
}

/// One page of accounts, the newest first.
public struct AccountPage: Sendable {
    /// The accounts that match.
    public var accounts: [Account]
    /// What to ask the next page with; `nil` at the end.
    ///
    /// A page with a filter can be short, or empty, and not the last.
    public var nextCursor: String?
    /// How many accounts were looked at.
    public var scanned: Int
    /// Accounts of builds that kept no list: they are missing here until ``Accounts/indexAll(progress:)`` was run.
    public var unlisted: Int
}
