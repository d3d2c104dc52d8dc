import Foundation
import Logging
import Marketplace
import ObjectStore
import Telemetry

/// Money, orders, the ledger and the store, read at the moment of asking.
struct InstallationCollector: Sendable {
    let marketplace: Marketplace
    let logger: Logger

    func register(in registry: MetricsRegistry) {
        registry.collect { await samples() }
    }

    func samples() async -> [MetricSample] {
        var samples: [MetricSample] = []
        do {
            samples += Self.samples(try await ScrapeLimit.within { try await marketplace.totals() })
        } catch {
            logger.warning("totals not measured", metadata: ["error": "\(error)"])
        }
        do {
            samples += try await ScrapeLimit.within { try await store() }
        } catch {
            logger.warning("store not measured", metadata: ["error": "\(error)"])
        }
        return samples
    }

    private static func samples(_ totals: InstallationTotals) -> [MetricSample] {
        var samples = totals.orders.map { state, count in
            MetricSample("sunset_orders_total", .counter, Double(count), [("state", state)])
        }
        samples += totals.declines.map { code, count in
            MetricSample("sunset_payment_declines_total", .counter, Double(count), [("code", code)])
        }
        samples += totals.uploads.map { outcome, count in
            MetricSample("sunset_ingest_outcomes_total", .counter, Double(count), [("outcome", outcome)])
        }
        for (name, amounts) in [
            ("captured", totals.captured), ("refunded", totals.refunded), ("fees", totals.fees),
        ] {
            samples += amounts.map { money in
                let unit = pow(10, Double(Money.exponent(of: money.currency) ?? 2))
                return MetricSample(
                    "sunset_money_\(name)_total", .counter, Double(money.amount) / unit, [("currency", money.currency)])
            }
        }
        if let at = totals.ledgerVerifiedAt, let problems = totals.ledgerProblems {
            samples.append(MetricSample("sunset_ledger_verified_timestamp_seconds", .gauge, Double(at) / 1000))
            samples.append(MetricSample("sunset_ledger_problems", .gauge, Double(problems)))
        }
        return samples.sorted { $0.name < $1.name }
    }

    /// What a store on another service holds is that service's to say.
    private func store() async throws -> [MetricSample] {
        guard let store = marketplace.objects as? DirectoryStore else { return [] }
        let statistics = try await store.statistics
        var samples = [
            MetricSample("sunset_store_objects", .gauge, Double(statistics.objects)),
            MetricSample("sunset_store_object_bytes", .gauge, Double(statistics.objectBytes)),
            MetricSample("sunset_store_content_bytes", .gauge, Double(statistics.contentBytes)),
        ]
        if let scrub = try await store.lastScrub(), let at = scrub.endedAt {
            samples.append(MetricSample("sunset_store_scrubbed_timestamp_seconds", .gauge, Double(at) / 1000))
            samples += ScrubFinding.Kind.allCases.map { kind in
                MetricSample(
                    "sunset_store_scrub_findings", .gauge, Double(scrub.counts[kind.rawValue, default: 0]),
                    [("kind", kind.rawValue)])
            }
        }
        return samples
    }
}
