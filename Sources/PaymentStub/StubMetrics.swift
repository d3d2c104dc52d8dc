import HTTPTypes
import Hummingbird
import Metrics
import Telemetry

/// Counts each request of the stub.
struct StubMetricsMiddleware: RouterMiddleware {
    let metrics: RequestMetrics

    func handle(
        _ request: Request,
        context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        metrics.begin()
        defer { metrics.end() }
        func record(_ status: Int) {
            // The template, never the path: ids stand in that.
            metrics.record(
                method: request.method.rawValue, route: context.endpointPath ?? "-", status: status,
                elapsed: ContinuousClock.now - start)
        }
        do {
            let response = try await next(request, context)
            record(response.status.code)
            return response
        } catch {
            record((error as? any HTTPResponseError)?.status.code ?? 500)
            throw error
        }
    }
}

/// Counts attempts to deliver an event.
struct DeliveryMetrics: Sendable {
    let delivered: Counter
    let failed: Counter
    let dropped: Counter

    init(registry: MetricsRegistry) {
        func counter(_ outcome: String) -> Counter {
            Counter(
                label: "sunset_payment_stub_deliveries_total", dimensions: [("outcome", outcome)], factory: registry)
        }
        delivered = counter("delivered")
        failed = counter("failed")
        dropped = counter("dropped")
    }
}
