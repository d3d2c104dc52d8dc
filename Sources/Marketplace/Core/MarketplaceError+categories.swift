extension MarketplaceError {
    /// There is no such thing; also what another user's thing looks like.
    public static func notFound(
        _ code: String = "not_found", _ detail: String = "There is no such resource."
    ) -> MarketplaceError {
        MarketplaceError(category: .notFound, code: code, detail: detail)
    }

    /// Several parts of the input are wrong.
    public static func invalid(_ fields: [Field]) -> MarketplaceError {
        let detail = fields.count == 1 ? fields[0].detail : "\(fields.count) fields were refused."
        return MarketplaceError(category: .invalid, code: "validation_failed", detail: detail, fields: fields)
    }

    /// One part of the input is wrong.
    public static func invalid(pointer: String, code: String, detail: String) -> MarketplaceError {
        .invalid([Field(pointer: pointer, code: code, detail: detail)])
    }

    /// The state of the thing does not allow it now.
    public static func conflict(_ code: String, _ detail: String) -> MarketplaceError {
        MarketplaceError(category: .conflict, code: code, detail: detail)
    }

    /// Known, but not allowed.
    public static func forbidden(_ code: String, _ detail: String) -> MarketplaceError {
        MarketplaceError(category: .forbidden, code: code, detail: detail)
    }

    /// Not known.
    public static func unauthenticated(_ code: String, _ detail: String) -> MarketplaceError {
        MarketplaceError(category: .unauthenticated, code: code, detail: detail)
    }

    /// Not at the version that the caller expected.
    public static func preconditionFailed(_ code: String, _ detail: String) -> MarketplaceError {
        MarketplaceError(category: .preconditionFailed, code: code, detail: detail)
    }

    /// It was there, and will not come back.
    public static func gone(_ code: String, _ detail: String) -> MarketplaceError {
        MarketplaceError(category: .gone, code: code, detail: detail)
    }

    /// The card or the bank refused.
    public static func declined(_ code: String, _ detail: String, info: [String: String] = [:]) -> MarketplaceError {
        MarketplaceError(category: .declined, code: code, detail: detail, info: info)
    }

    /// Too often; come back after the given time.
    public static func rateLimited(_ code: String, _ detail: String, retryAfter: Duration) -> MarketplaceError {
        MarketplaceError(category: .rateLimited, code: code, detail: detail, retryAfter: retryAfter)
    }

    /// Not now.
    public static func unavailable(
        _ code: String, _ detail: String, retryAfter: Duration? = nil
    ) -> MarketplaceError {
        MarketplaceError(category: .unavailable, code: code, detail: detail, retryAfter: retryAfter)
    }

    /// Larger than allowed.
    public static func tooLarge(_ code: String, _ detail: String) -> MarketplaceError {
        MarketplaceError(category: .tooLarge, code: code, detail: detail)
    }

    /// The error for a script's `refuse(code, detail)`; a code that nobody listed is a conflict, the commonest kind.
    package static func refused(_ code: String, _ detail: String) -> MarketplaceError {
        if code == "locked_out" || code == "too_many_requests" {
            let milliseconds = Int64(detail) ?? 1000
            return .rateLimited(
                code, "Too many failed attempts. Try again later.", retryAfter: .milliseconds(milliseconds))
        }
        let category = categories[code] ?? commerceCategories[code] ?? .conflict
        return MarketplaceError(category: category, code: code, detail: detail.isEmpty ? code : detail)
    }

    private static let categories: [String: Category] = [
        "not_found": .notFound,
        "invalid_credentials": .unauthenticated,
        "session_invalid": .unauthenticated,
        "not_confirmed": .forbidden,
        "account_suspended": .forbidden,
        "wrong_password": .forbidden,
        "code_invalid": .invalid,
        "upload_in_use": .conflict,
        "precondition_failed": .preconditionFailed,
        "quota_exceeded": .conflict,
    ]
}
