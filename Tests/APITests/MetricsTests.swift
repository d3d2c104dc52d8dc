import HTTPTypes
import Hummingbird
import Logging
import Marketplace
import TestSupport
import Testing

@testable import API

struct MetricsTests {
    @Test("metrics show the queues, also those that wait, and go on without Redis")
    func queues() async throws {
        try await withInstallation { installation in
            _ = try await installation.signUp("ada")
            let exposition = MetricsExposition(metrics: RequestMetrics(), queue: installation.marketplace.queue)
            let text = await exposition.text(logger: .quiet)
            #expect(text.contains("sunset_queue_jobs{queue=\"mail\",state=\"waiting\"} 0\n"))
            #expect(text.contains("# TYPE sunset_http_request_duration_seconds histogram\n"))
            installation.redis.kill()
            let half = await exposition.text(logger: .quiet)
            #expect(half.contains("sunset_http_requests_running 0\n"))
            #expect(!half.contains("sunset_queue_jobs"))
            try await installation.redis.restart()
        }
    }
}
