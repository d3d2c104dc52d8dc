import Hummingbird
import HTTPTypes
import Logging
import Marketplace

/// Gives each request an id, which stands in its log lines, its errors and its jobs' trace, and goes back to the client.
struct RequestIDMiddleware: RouterMiddleware {
    let marketplace: Marketplace

    func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.requestID = Self.accepted(request.headers[.requestID]) ?? marketplace.newID(.request)
        context.logger[metadataKey: "request"] = .string(context.requestID)
        var response = try await next(request, context)
        response.headers[.requestID] = context.requestID
        return response
    }

    /// A client's id is taken if it can't break a log line: 8 to 64 letters, digits, `-`, `_`, `.`.
    static func accepted(_ given: String?) -> String? {
        guard let given, (8...64).contains(given.utf8.count) else { return nil }
        let allowed = given.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return allowed ? given : nil
    }
}
