import HTTPTypes
import Hummingbird
import Logging
import Telemetry

/// One line and one count for each request.
///
/// The route's template is logged, never the path or the query: download tokens and signatures stand in those.
struct AccessLogMiddleware: RouterMiddleware {
    let metrics: RequestMetrics

    func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        metrics.begin()
        defer { metrics.end() }
        let response = try await next(request, context)
        let elapsed = ContinuousClock.now - start
        let route = context.endpointPath ?? "-"
        metrics.record(method: request.method.rawValue, route: route, status: response.status.code, elapsed: elapsed)
        let milliseconds = Double(elapsed.components.seconds) * 1e3 + Double(elapsed.components.attoseconds) / 1e15
        context.logger.log(
            level: response.status.code >= 500 ? .error : .info, "request",
            metadata: [
                "method": .string(request.method.rawValue),
                "route": .string(route),
                "status": .stringConvertible(response.status.code),
                "ms": .stringConvertible((milliseconds * 10).rounded() / 10),
            ])
        return response
    }
}
