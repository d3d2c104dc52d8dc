import Foundation

/// What an account may do.
public enum UserGroup: String, Codable, Sendable, CaseIterable {
    /// Buys.
    case buyer
    /// Uploads and sells.
    case seller
    /// Operates the installation; made by ``Accounts/ensureAdmin(email:name:)`` and by operators.
    case admin
}

/// An account as its owner sees it.
public struct User: Codable, Sendable, Equatable {
    /// `usr_…`.
    public var id: String
    /// The address in lower case.
    public var email: String
    /// The name for people.
    public var name: String
    /// What the account may do.
    public var groups: [UserGroup]
    /// When it signed up.
    public var createdAt: Timestamp
    /// Whether the address was confirmed by its code.
    public var confirmed: Bool
    /// A seller's name in URLs, from the confirmation on.
    @ExplicitNull public var slug: String?

    private enum CodingKeys: String, CodingKey {
        case id, email, name, groups, confirmed, slug
        case createdAt = "created_at"
    }

    /// Reads a user's record.
    package init(record: [String: String]) throws {
        guard let id = record["id"], let email = record["email"], let created = record["created"].flatMap({ Int64($0) })
        else { throw RecordError("usr:\(record["id"] ?? "?")", field: "id, email or created") }
        self.id = id
        self.email = email
        name = record["name"] ?? ""
        groups = (record["groups"] ?? "").split(separator: " ").compactMap { UserGroup(rawValue: String($0)) }
        createdAt = Timestamp(milliseconds: created)
        confirmed = record["confirmed"] == "1"
        slug = record["slug"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether the account belongs to a group.
    public func belongs(to group: UserGroup) -> Bool {
        groups.contains(group)
    }
}

/// A session that a token opened.
public struct Session: Sendable {
    /// Whose it is.
    public var user: User
    /// The SHA-256 that the token is stored under.
    public var tokenHash: String
    /// When the sign-in was.
    public var createdAt: Timestamp
    /// When it ends unless it is used before.
    public var expiresAt: Timestamp
}

/// What a sign-in gives.
public struct SignedIn: Sendable {
    /// The session's token; it is stored nowhere, this is the only time it can be had.
    public var token: String
    /// When the session ends unless it is used before.
    public var expiresAt: Timestamp
    /// Who signed in.
    public var user: User
}
