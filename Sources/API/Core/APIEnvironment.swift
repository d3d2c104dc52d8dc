import Foundation
import Hummingbird
import Marketplace

/// What the controllers share.
struct APIEnvironment: Sendable {
    let marketplace: Marketplace
    let events: OrderEventHub
    let configuration: APIConfiguration
    let transfers: TransferMetrics

    /// The middleware that establishes who asks.
    func authentication(_ requirement: AuthenticationMiddleware.Requirement) -> AuthenticationMiddleware {
        AuthenticationMiddleware(
            accounts: marketplace.accounts, publicURL: configuration.publicURL, requirement: requirement)
    }

    /// Reads and decodes a JSON body within the configured limits.
    func json<T: Decodable>(_ type: T.Type, _ request: Request, _ context: APIContext) async throws -> T {
        try await request.json(type, context: context, configuration: configuration)
    }
}

/// `cursor` and `limit` of a list.
struct PageRequest {
    static let standardLimit = 20
    static let maximumLimit = 100

    let cursor: String?
    let limit: Int

    init(_ request: Request) throws(Problem) {
        cursor = request.query("cursor")
        guard let given = request.query("limit") else {
            limit = Self.standardLimit
            return
        }
        guard let number = Int(given), (1...Self.maximumLimit).contains(number) else {
            throw Problem.invalid("#query/limit", "out_of_range", "A number from 1 to \(Self.maximumLimit).")
        }
        limit = number
    }
}

extension Request {
    /// A query parameter, decoded as forms are (`+` is a space); nil where it is missing or empty.
    func query(_ name: String) -> String? {
        for pair in (uri.query ?? "").split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, halves[0] == name else { continue }
            let value = String(halves[1]).replacing("+", with: " ").removingPercentEncoding
            return value.flatMap { $0.isEmpty ? nil : $0 }
        }
        return nil
    }
}
