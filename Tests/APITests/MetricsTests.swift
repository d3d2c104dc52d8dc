import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Marketplace
import ObjectStore
import Telemetry
import TestSupport
import Testing

@testable import API

@Suite("The API's metrics")
struct MetricsTests {
    @Test("metrics show the queues, also those that wait, and go on without Redis")
    func queues() async throws {
        try await withInstallation { installation in
            _ = try await installation.signUp("ada")
            let text = await installation.registry.exposition()
            #expect(MetricAudit.value(#"sunset_queue_jobs{queue="mail",state="waiting"}"#, in: text) == 0)
            #expect(text.contains("# TYPE sunset_http_request_duration_seconds histogram\n"))
            #expect(text.contains("# TYPE sunset_queue_latency_seconds gauge\n"))
            installation.redis.kill()
            let half = await installation.registry.exposition()
            #expect(MetricAudit.value("sunset_http_requests_in_flight", in: half) == 0)
            #expect(MetricAudit.value("sunset_store_objects", in: half) == 0)
            #expect(!half.contains("sunset_queue_jobs{"))
            #expect(!half.contains("sunset_orders_total{"))
            try await installation.redis.restart()
        }
    }

    @Test("a sale from upload to download moves each counter by what it was")
    func sale() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            #expect(try await installation.announce(size: 0, as: seller).status == 422)
            let product = try await installation.product(as: seller, price: 950, files: [Array("hello".utf8)])
            let order = try await installation.buy([product], as: buyer)
            let entitlement = try await installation.entitlement(order, as: buyer)
            let link = try await installation.link(entitlement, as: buyer)
            let path = try #require(link.json["url"].string).replacing(Installation.publicURL, with: "")
            #expect(try await installation.get(path).status == 200)
            #expect(try await installation.get(path + "x").status == 403)
            #expect(try await installation.marketplace.ledger.verify().ok)
            let store = try #require(installation.marketplace.objects as? DirectoryStore)
            #expect(try await store.scrub().isClean)
            // The last byte may be here before it is counted there, and fulfilment is a job.
            var text = ""
            try await eventually("the end of it is counted") {
                text = await installation.registry.exposition()
                return MetricAudit.value("sunset_downloads_completed_total", in: text) == 1
                    && MetricAudit.value(#"sunset_orders_total{state="fulfilled"}"#, in: text) == 1
            }
            #expect(try MetricAudit.problems(in: text, of: .api) == [])
            func value(_ series: String) -> Double? { MetricAudit.value(series, in: text) }
            #expect(value("sunset_uploads_started_total") == 1)
            #expect(value("sunset_uploads_completed_total") == 1)
            #expect(value("sunset_upload_bytes_total") == 5)
            #expect(value(#"sunset_uploads_refused_total{reason="file_empty"}"#) == 1)
            #expect(value(#"sunset_ingest_outcomes_total{outcome="ready"}"#) == 1)
            #expect(value(#"sunset_ingest_outcomes_total{outcome="rejected"}"#) == 0)
            #expect(value("sunset_store_objects") == 1)
            #expect(value("sunset_store_object_bytes") == 5)
            #expect(value("sunset_store_content_bytes") == 5)
            #expect(value(#"sunset_store_scrub_findings{kind="rotten"}"#) == 0)
            #expect(value("sunset_store_scrubbed_timestamp_seconds") ?? 0 > 1_700_000_000)
            #expect(value(#"sunset_orders_total{state="created"}"#) == 1)
            #expect(value(#"sunset_orders_total{state="paid"}"#) == 1)
            #expect(value(#"sunset_orders_total{state="fulfilled"}"#) == 1)
            #expect(value(#"sunset_orders_total{state="canceled"}"#) == 0)
            #expect(value(#"sunset_money_captured_total{currency="USD"}"#) == 9.5)
            #expect(value(#"sunset_money_fees_total{currency="USD"}"#) == 0.95)
            #expect(value("sunset_ledger_problems") == 0)
            #expect(value("sunset_ledger_verified_timestamp_seconds") ?? 0 > 1_700_000_000)
            #expect(value("sunset_downloads_started_total") == 1)
            #expect(value("sunset_downloads_completed_total") == 1)
            #expect(value("sunset_download_bytes_total") == 5)
            #expect(value(#"sunset_downloads_refused_total{reason="token_forged"}"#) == 1)
            #expect(value(#"sunset_http_requests_total{method="GET",route="/d/{token}",status="2xx"}"#) == 1)
            #expect(value(#"sunset_http_requests_total{method="GET",route="/d/{token}",status="4xx"}"#) == 1)
            #expect(
                value(#"sunset_http_request_duration_seconds_count{method="GET",route="/d/{token}"}"#) == 2)
            #expect(value("sunset_http_requests_in_flight") == 0)
            #expect(value(#"sunset_queue_workers{queue="mail"}"#) == 1)
            #expect(value(#"sunset_queue_longest_run_seconds{queue="mail"}"#) != nil)
        }
    }

    @Test("an order that the buyer gives up counts as canceled, and brings no money")
    func canceled() async throws {
        try await withInstallation { installation in
            let seller = try await installation.signUp("sam", groups: ["seller"])
            let buyer = try await installation.signUp("ben")
            let product = try await installation.product(as: seller)
            let answer = try await installation.checkout(
                try await installation.cart([product], as: buyer), as: buyer, card: "4000000000000002")
            #expect(answer.status == 402)
            let orders = try await installation.get("/v1/orders", as: buyer).json["data"]
            let payment = try #require(orders[0]["payment"]["id"].string)
            let canceled = try await installation.post("/v1/payment-intents/\(payment)/cancel", as: buyer)
            #expect(canceled.status == 200, "\(canceled.text)")
            let text = await installation.registry.exposition()
            #expect(MetricAudit.value(#"sunset_orders_total{state="created"}"#, in: text) == 1)
            #expect(MetricAudit.value(#"sunset_orders_total{state="canceled"}"#, in: text) == 1)
            #expect(MetricAudit.value(#"sunset_orders_total{state="paid"}"#, in: text) == 0)
            #expect(MetricAudit.value(#"sunset_payment_declines_total{code="card_declined"}"#, in: text) == 1)
            #expect(MetricAudit.value(#"sunset_payment_declines_total{code="other"}"#, in: text) == 0)
            #expect(!text.contains("sunset_money_captured_total{"))
        }
    }
}
