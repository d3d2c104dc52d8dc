import Foundation
import PaymentStub
import Telemetry
import TestSupport
import Testing

@Suite("The stub's metrics")
struct StubMetricsTests {
    @Test("requests are counted by route and deliveries by outcome")
    func flow() async throws {
        let port = try TCPPort.unused()
        try await WebhookReceiver.run(refusals: 1) { _, url async throws in
            try await StubHarness.run(webhookURL: url, change: { $0.metricsPort = port }) { stub async throws in
                _ = try await stub.provider().pay("4242424242424242")
                #expect(try await stub.send(.get, "/v1/payment_intents/pi_unknown").status == 404)
                var text = ""
                try await eventually("the delivery is counted") {
                    text = try await stub.send(.get, "http://127.0.0.1:\(port)/metrics").text
                    let delivered = #"sunset_payment_stub_deliveries_total{outcome="delivered"}"#
                    return MetricAudit.value(delivered, in: text) ?? 0 > 0
                }
                #expect(try MetricAudit.problems(in: text, of: .payments) == [])
                func value(_ series: String) -> Double? { MetricAudit.value(series, in: text) }
                #expect(value(#"sunset_payment_stub_deliveries_total{outcome="failed"}"#) == 1)
                #expect(value(#"sunset_payment_stub_deliveries_total{outcome="dropped"}"#) == 0)
                #expect(
                    value(#"sunset_http_requests_total{method="POST",route="/v1/payment_methods",status="2xx"}"#) == 1)
                #expect(
                    value(#"sunset_http_requests_total{method="GET",route="/v1/payment_intents/{id}",status="4xx"}"#)
                        == 1)
                #expect(!text.contains("pi_unknown"))
            }
        }
    }
}
