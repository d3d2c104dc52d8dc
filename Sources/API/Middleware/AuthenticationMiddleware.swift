import HTTPSupport
import HTTPTypes
import Hummingbird
import Logging
import Marketplace

/// Finds out who asks, and refuses what they may not.
struct AuthenticationMiddleware: RouterMiddleware {
    /// What a group of routes wants to know.
    enum Requirement: Equatable {
        /// Nothing: the routes are the same for everyone.
        case nothing
        /// The session where there is a good one; a bad one makes a guest.
        case optional
        /// A session, else 401.
        case session
        /// A session of a member of the group or of an admin, else 401 and 403.
        case group(UserGroup)
    }

    let accounts: Accounts
    let publicURL: String
    let requirement: Requirement

    func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let credential = request.credential
        if case .cookie = credential {
            try checkOrigin(request)
        }
        var context = context
        switch requirement {
        case .nothing: break
        case .optional:
            if let token = credential?.token {
                do {
                    context.session = try await accounts.authenticate(token: token)
                } catch let error as MarketplaceError
                    where error.category == .unauthenticated || error.code == "account_suspended"
                {
                    // An old cookie must not stand in the way of what a guest may do.
                }
            }
        case .session, .group:
            guard let token = credential?.token else { throw Problem.unauthenticated }
            context.session = try await accounts.authenticate(token: token)
        }
        if case .group(let group) = requirement {
            let user = try context.user()
            guard user.groups.contains(group) || user.groups.contains(.admin) else {
                throw Problem(.forbidden, "forbidden", "This is for members of the group \(group.rawValue).")
            }
        }
        if let user = context.viewer {
            context.logger[metadataKey: "user"] = .string(user)
        }
        return try await next(request, context)
    }

    /// Refuses what another site's page made the browser send.
    ///
    /// A browser sends the cookie along whoever made it ask; `Origin` says whose page it was. SameSite=Lax alone does not
    /// keep out another port or subdomain of the same site.
    private func checkOrigin(_ request: Request) throws(Problem) {
        switch request.method {
        case .get, .head, .options: return
        default: break
        }
        guard request.headers[.origin] == publicURL else {
            throw Problem(
                .forbidden, "origin_refused", "With the session cookie, Origin must be \(publicURL).")
        }
    }
}

/// What a request shows for its session.
enum Credential: Equatable {
    case bearer(String)
    case cookie(String)

    static let cookieName = "sunset_session"

    var token: String {
        switch self {
        case .bearer(let token), .cookie(let token): token
        }
    }
}

extension Request {
    /// The bearer token if there is one, else the cookie: a page can't set `Authorization` across origins, so a bearer
    /// needs no check of the origin.
    var credential: Credential? {
        if let field = headers[.authorization] {
            let scheme = "bearer "
            guard field.lowercased().hasPrefix(scheme) else { return nil }
            return .bearer(String(field.dropFirst(scheme.count).trimmed))
        }
        return cookies[Credential.cookieName].map { .cookie($0.value) }
    }
}
