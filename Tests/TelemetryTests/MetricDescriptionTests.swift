import Foundation
import Telemetry
import TestSupport
import Testing

@Suite("The list of metrics")
struct MetricDescriptionTests {
    @Test("every name, unit and label follows Prometheus's conventions, and stands there once")
    func conventions() {
        #expect(MetricDescription.all.flatMap(MetricAudit.problems(of:)) == [])
        #expect(Set(MetricDescription.all.map(\.name)).count == MetricDescription.all.count)
    }

    @Test("the audit finds what is wrong")
    func audit() throws {
        let text = """
            # HELP sunset_orders_total Orders.
            # TYPE sunset_orders_total counter
            sunset_orders_total{state="ord_01hzy0abcd"} 1
            # TYPE sunset_mails_total gauge
            sunset_mails_total{outcome="delivered"} 1
            # HELP unheard_of Unheard.
            # TYPE unheard_of gauge
            unheard_of 1

            """
        let problems = try MetricAudit.problems(in: text, of: .api).filter { !$0.hasPrefix("promtool") }
        #expect(
            problems == [
                "sunset_mails_total has no help",
                "sunset_mails_total has the labels [\"outcome\"], not [\"outcome\", \"template\"]",
                "sunset_mails_total is a gauge, not a counter", "sunset_mails_total is not said to be api's",
                "sunset_orders_total has state=\"ord_01hzy0abcd\", which looks like an id or a path",
                "unheard_of is not in MetricDescription.all, or has no type",
            ])
    }

    /// Writes the file anew with SUNSET_WRITE_DOCS=1.
    @Test("docs/metrics.md is the list")
    func documentation() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/metrics.md")
            .standardizedFileURL
        let written = Self.document()
        if ProcessInfo.processInfo.environment["SUNSET_WRITE_DOCS"] != nil {
            try written.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == written)
    }

    private static func document() -> String {
        var text = """
            # Metrics

            Every process shows its metrics in Prometheus's text format on `/metrics` of an address of its own:

            | program | setting | what it shows |
            |---|---|---|
            | `sunset-api` | `api.metrics_port`, on `api.host` | its requests (those of the S3 protocol by the operation's name, `GetObject`) and transfers; the installation's queues, orders, money and store, read at the moment of the scrape |
            | `sunset-worker pool` | `workers.metrics_port`, on 127.0.0.1 | itself and each of its workers, told apart by the label `process` (`pool`, `mail-1`) |
            | `sunset-worker run`, alone | `workers.metrics_port`, on 127.0.0.1 | itself; where the port is taken, the log says so and the work goes on |
            | `sunset-payments` | `payments.stub.metrics_port`, on `payments.stub.host` | its requests and deliveries |

            Orders, money and ingestion are counted inside the scripts that make them happen, exactly once, whichever process
            ran them; they go on from where they were after a restart. In an
            installation that is older than them they count from the upgrade on: what happened before is in the ledger and the orders, not here. Everything else is counted by the process that shows it and begins at
            zero with it. With several API processes, the installation's figures come from each of them and are the same:
            `max by (queue, state) (sunset_queue_jobs)`.

            Durations are histograms in seconds. Amounts of money are in the currency's main unit. No label's value is an id,
            a path or anything else that a client can invent: routes are templates, reasons are error codes.

            This table is made from `Sources/Telemetry/MetricDescription+all.swift`; the test "docs/metrics.md is the list"
            compares them, and writes the file with `SUNSET_WRITE_DOCS=1`.

            """
        for (title, metrics) in MetricDescription.subjects {
            text += "\n## \(title)\n\n| metric | kind | labels | meaning | shown by |\n|---|---|---|---|---|\n"
            for metric in metrics {
                let labels = metric.labels.map { "`\($0)`" }.joined(separator: " ")
                let programs = metric.programs.map(\.rawValue).joined(separator: ", ")
                text += "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) | \(programs) |\n"
            }
        }
        return text
    }
}
