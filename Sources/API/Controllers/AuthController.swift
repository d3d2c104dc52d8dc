import Foundation
import HTTPTypes
import Hummingbird
import Marketplace

/// Accounts and sessions.
struct AuthController {
    let environment: APIEnvironment

    private var accounts: Accounts { environment.marketplace.accounts }

    func add(to v1: RouterGroup<APIContext>) {
        let open = v1.group("auth").add(middleware: environment.authentication(.nothing))
        open.post("sign-up", use: signUp)
        open.post("confirm", use: confirm)
        open.post("resend-code", use: resendCode)
        open.post("sign-in", use: signIn)
        open.post("sign-out", use: signOut)
        open.post("forgot-password", use: forgotPassword)
        open.post("reset-password", use: resetPassword)
        let own = v1.group().add(middleware: environment.authentication(.session))
        own.post("auth/change-password", use: changePassword)
        own.get("me", use: me)
    }

    private struct SignUp: Decodable {
        var email: String
        var password: String
        var name: String
        var groups: [UserGroup]?
    }

    @Sendable private func signUp(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await environment.json(SignUp.self, request, context)
        try await accounts.signUp(
            email: body.email, password: body.password, name: body.name, groups: body.groups ?? [.buyer],
            traceID: context.requestID)
        return try .json(["status": "confirmation_sent"], status: .accepted)
    }

    private struct Confirmation: Decodable {
        var email: String
        var code: String
    }

    @Sendable private func confirm(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await environment.json(Confirmation.self, request, context)
        return try .json(["user": try await accounts.confirm(email: body.email, code: body.code)])
    }

    private struct Address: Decodable {
        var email: String
    }

    @Sendable private func resendCode(_ request: Request, _ context: APIContext) async throws -> Response {
        try await accounts.resendCode(email: environment.json(Address.self, request, context).email)
        return try .json(["status": "code_sent"], status: .accepted)
    }

    private struct SignIn: Decodable {
        var email: String
        var password: String
    }

    @Sendable private func signIn(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await environment.json(SignIn.self, request, context)
        let session = try await accounts.signIn(email: body.email, password: body.password)
        var response = try Response.json(SessionView(session))
        response.headers[values: .setCookie] = [cookie(session.token, expires: session.expiresAt.date)]
        return response
    }

    @Sendable private func signOut(_ request: Request, _ context: APIContext) async throws -> Response {
        if let token = request.credential?.token {
            try await accounts.signOut(token: token)
        }
        return Response(status: .noContent, headers: [.setCookie: cookie("", expires: nil)])
    }

    @Sendable private func forgotPassword(_ request: Request, _ context: APIContext) async throws -> Response {
        try await accounts.forgotPassword(email: environment.json(Address.self, request, context).email)
        return try .json(["status": "code_sent"], status: .accepted)
    }

    private struct PasswordReset: Decodable {
        var email: String
        var code: String
        var password: String
    }

    @Sendable private func resetPassword(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await environment.json(PasswordReset.self, request, context)
        try await accounts.resetPassword(email: body.email, code: body.code, password: body.password)
        return Response(status: .noContent)
    }

    private struct PasswordChange: Decodable {
        var current: String
        var new: String

        enum CodingKeys: String, CodingKey {
            case current = "current_password"
            case new = "new_password"
        }
    }

    @Sendable private func changePassword(_ request: Request, _ context: APIContext) async throws -> Response {
        let body = try await environment.json(PasswordChange.self, request, context)
        try await accounts.changePassword(user: context.user().id, current: body.current, new: body.new)
        return Response(status: .noContent, headers: [.setCookie: cookie("", expires: nil)])
    }

    @Sendable private func me(_ request: Request, _ context: APIContext) async throws -> Response {
        try .json(context.user())
    }

    /// The session's cookie; nil expires it at once.
    private func cookie(_ token: String, expires: Date?) -> String {
        let age = expires.map { max(0, Int($0.timeIntervalSinceNow)) } ?? 0
        var text = "\(Credential.cookieName)=\(token); Path=/; Max-Age=\(age); HttpOnly; SameSite=Lax"
        if environment.configuration.isSecure { text += "; Secure" }
        return text
    }
}

private struct SessionView: Encodable {
    let token: String
    let expiresAt: Timestamp
    let user: User

    init(_ session: SignedIn) {
        token = session.token
        expiresAt = session.expiresAt
        user = session.user
    }

    enum CodingKeys: String, CodingKey {
        case token
        case expiresAt = "expires_at"
        case user
    }
}
