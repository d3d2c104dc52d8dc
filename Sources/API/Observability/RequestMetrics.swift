import Synchronization

/// Counts, errors and durations of requests by route, for Prometheus.
public final class RequestMetrics: Sendable {
    struct Series: Hashable {
        var method: String
        var route: String
        var status: Int
    }

    struct Durations {
        var buckets = [UInt64](repeating: 0, count: RequestMetrics.bounds.count)
        var count: UInt64 = 0
        var sum = 0.0
    }

    /// Upper bounds in seconds, from a Redis round trip to a checkout that waits for its charge.
    static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30]

    private struct State {
        var series: [Series: Durations] = [:]
        var running = 0
    }

    private let state = Mutex(State())

    /// Starts at zero.
    public init() {}

    func begin() { state.withLock { $0.running += 1 } }

    func end() { state.withLock { $0.running -= 1 } }

    func record(method: String, route: String, status: Int, elapsed: Duration) {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        // Methods and routes come from the router, so that a client can't invent series.
        let series = Series(method: Self.known.contains(method) ? method : "OTHER", route: route, status: status)
        state.withLock { state in
            var durations = state.series[series] ?? Durations()
            durations.count += 1
            durations.sum += seconds
            for (index, bound) in Self.bounds.enumerated() where seconds <= bound {
                durations.buckets[index] += 1
            }
            state.series[series] = durations
        }
    }

    private static let known: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

    /// Everything in Prometheus's text format.
    public func exposition() -> String {
        let (series, running) = state.withLock { ($0.series, $0.running) }
        let sorted = series.sorted {
            ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
        }
        var text = """
            # HELP sunset_http_requests_running Requests whose answer has not begun.
            # TYPE sunset_http_requests_running gauge
            sunset_http_requests_running \(running)
            # HELP sunset_http_request_duration_seconds Time from a request's head to its answer's head.
            # TYPE sunset_http_request_duration_seconds histogram

            """
        for (key, durations) in sorted {
            let labels = "method=\"\(key.method)\",route=\"\(key.route)\",status=\"\(key.status)\""
            for (bound, count) in zip(Self.bounds, durations.buckets) {
                text += "sunset_http_request_duration_seconds_bucket{\(labels),le=\"\(bound)\"} \(count)\n"
            }
            text += "sunset_http_request_duration_seconds_bucket{\(labels),le=\"+Inf\"} \(durations.count)\n"
            text += "sunset_http_request_duration_seconds_sum{\(labels)} \(durations.sum)\n"
            text += "sunset_http_request_duration_seconds_count{\(labels)} \(durations.count)\n"
        }
        return text
    }
}
