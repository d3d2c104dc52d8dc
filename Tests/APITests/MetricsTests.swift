import HTTPTypes
import Hummingbird
import Logging
import Marketplace
import Telemetry
import TestSupport
import Testing

@testable import API

struct MetricsTests {
    @Test("metrics show the queues, also those that wait, and go on without Redis")
    func queues() async throws {
        try await withInstallation { installation in
            _ = try await installation.signUp("ada")
            let metrics = RequestMetrics()
            metrics.record(method: "GET", route: "/", status: 200, elapsed: .milliseconds(1))
            QueueCollector(queue: installation.marketplace.queue, logger: .quiet).register(in: metrics.registry)
            let text = await metrics.registry.exposition()
            #expect(text.contains("sunset_queue_jobs{queue=\"mail\",state=\"waiting\"} 0\n"))
            #expect(text.contains("# TYPE sunset_http_request_duration_seconds histogram\n"))
            #expect(text.contains("# TYPE sunset_queue_latency_seconds gauge\n"))
            installation.redis.kill()
            let half = await metrics.registry.exposition()
            #expect(half.contains("sunset_http_requests_running 0\n"))
            #expect(!half.contains("sunset_queue_jobs{"))
            try await installation.redis.restart()
        }
    }
}
