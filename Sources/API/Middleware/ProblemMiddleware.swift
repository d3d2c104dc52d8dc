import HTTPTypes
import Hummingbird
import Logging

/// Makes every error that comes up from below a problem document, the router's own 404 and 405 included.
struct ProblemMiddleware: RouterMiddleware {
    let routes: RouteIndex

    func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as CancellationError {
            // The connection is going away; there is nobody to answer.
            throw error
        } catch {
            let response = problem(for: error, request, context).response(requestID: context.requestID)
            // The body of an answer to HEAD would be taken for the next answer.
            return request.method == .head ? response.createHeadResponse() : response
        }
    }

    private func problem(for error: any Error, _ request: Request, _ context: APIContext) -> Problem {
        if let error = error as? HTTPError, error.status == .notFound, context.endpointPath == "NotFound" {
            return unrouted(request)
        }
        if var problem = Problem(error) {
            if problem.status.kind == .serverError {
                context.logger.warning("request failed", metadata: ["error": "\(error)"])
            }
            // A client that still sends what nobody reads is told to stop.
            if request.headers[.expect] != nil { problem.closesConnection = true }
            return problem
        }
        context.logger.error("request failed", metadata: ["error": "\(error)"])
        return Problem(.internalServerError, "internal", "Something went wrong here; the request id helps to find it.")
    }

    private func unrouted(_ request: Request) -> Problem {
        let allowed = routes.methods(for: request.uri.path)
        guard !allowed.isEmpty else { return Problem(.notFound, "not_found", "There is nothing at this path.") }
        var problem = Problem(
            .methodNotAllowed, "method_not_allowed", "This path answers to \(allowed.joined(separator: ", ")).")
        problem.headers[.allow] = allowed.joined(separator: ", ")
        return problem
    }
}
