internal import Metrics
internal import Synchronization

/// Rate, errors and durations of HTTP requests, by route, for Prometheus.
public final class RequestMetrics: Sendable {
    private struct Series: Hashable {
        var method: String
        var route: String
        /// `2xx`; empty for the durations.
        var status = ""
    }

    /// The registry that the requests are counted in.
    public let registry: MetricsRegistry
    private let inFlight: Meter
    /// Made once for each series: making one costs more than recording with it.
    private let timers = Mutex<[Series: Metrics.Timer]>([:])
    private let counters = Mutex<[Series: Counter]>([:])

    /// Starts at zero.
    public init(registry: MetricsRegistry = MetricsRegistry()) {
        self.registry = registry
        inFlight = Meter(label: "sunset_http_requests_in_flight", dimensions: [], factory: registry)
        inFlight.set(0)
    }

    /// A request came.
    public func begin() { inFlight.increment() }

    /// Its answer has begun.
    public func end() { inFlight.decrement() }

    /// Counts a request whose answer has begun.
    ///
    /// - Parameter route: the route's template as the router has it, so that a client can't invent series.
    public func record(method: String, route: String, status: Int, elapsed: Duration) {
        var series = Series(method: Self.known.contains(method) ? method : "OTHER", route: route)
        timer(series).recordNanoseconds(
            elapsed.components.seconds * 1_000_000_000 + elapsed.components.attoseconds / 1_000_000_000)
        series.status = "\(status / 100)xx"
        counter(series).increment()
    }

    private func timer(_ series: Series) -> Metrics.Timer {
        timers.withLock { timers in
            if let timer = timers[series] { return timer }
            let timer = Metrics.Timer(
                label: "sunset_http_request_duration_seconds",
                dimensions: [("method", series.method), ("route", series.route)], factory: registry)
            timers[series] = timer
            return timer
        }
    }

    private func counter(_ series: Series) -> Counter {
        counters.withLock { counters in
            if let counter = counters[series] { return counter }
            let counter = Counter(
                label: "sunset_http_requests_total",
                dimensions: [("method", series.method), ("route", series.route), ("status", series.status)],
                factory: registry)
            counters[series] = counter
            return counter
        }
    }

    private static let known: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
}
