import Metrics
import Synchronization
public import Telemetry

/// Counts, errors and durations of requests by route, for Prometheus: `sunset_http_request_duration_seconds`.
public final class RequestMetrics: Sendable {
    struct Series: Hashable {
        var method: String
        var route: String
        var status: Int
    }

    /// The registry that the requests are counted in.
    public let registry: MetricsRegistry
    private let running: Meter
    /// Made once for each route: making one costs more than recording with it.
    private let timers = Mutex<[Series: Timer]>([:])

    /// Starts at zero.
    public init(registry: MetricsRegistry = MetricsRegistry()) {
        self.registry = registry
        registry.describe("sunset_http_requests_running", "Requests whose answer has not begun.")
        registry.describe(
            "sunset_http_request_duration_seconds", "Time from a request's head to its answer's head.")
        running = Meter(label: "sunset_http_requests_running", dimensions: [], factory: registry)
        running.set(0)
    }

    func begin() { running.increment() }

    func end() { running.decrement() }

    func record(method: String, route: String, status: Int, elapsed: Duration) {
        // Methods and routes come from the router, so that a client can't invent series.
        let series = Series(method: Self.known.contains(method) ? method : "OTHER", route: route, status: status)
        let timer = timers.withLock { timers in
            if let timer = timers[series] { return timer }
            let timer = Timer(
                label: "sunset_http_request_duration",
                dimensions: [("method", series.method), ("route", route), ("status", "\(status)")], factory: registry)
            timers[series] = timer
            return timer
        }
        timer.recordNanoseconds(
            elapsed.components.seconds * 1_000_000_000 + elapsed.components.attoseconds / 1_000_000_000)
    }

    private static let known: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
}
