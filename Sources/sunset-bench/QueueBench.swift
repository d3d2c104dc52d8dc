import ArgumentParser
import Foundation
import JobQueue
import RedisClient

struct QueueBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "The job queue and the Redis client, beside redis-benchmark and other queues on the same server.",
        discussion: """
            Two private Redis servers on loopback TCP: persistence off, and appendfsync always. Each repetition measures \
            everything once, ours and the references in turn; medians and the medians of the ratios are shown. The cost \
            by depth and the memory are measured once, at the end.
            """
    )

    @Flag(help: "End with one JSON object.") var json = false
    @Flag(help: "A smoke test: one repetition of small sizes; its figures say little.") var quick = false
    @Option(help: "How often everything is measured.") var repetitions = 5
    @Option(help: "Peers to measure in each repetition, with commas: sidekiq, rq, celery, …") var peers = ""
    @Option(
        help:
            "Only these parts, with commas: \(QueueMeasurements.Part.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var only = ""
    @Option(help: "The folder of the peers' drivers.") var peersFolder = "scripts/bench.d/peers"
    @Option(help: "Jobs that the worker process runs at once.") var concurrency = 10

    func run() async throws {
        let repetitions = quick ? 1 : max(1, repetitions)
        let plan = QueueMeasurements(
            memory: try await BenchServer.start(), synced: try await BenchServer.start(syncsEveryWrite: true),
            peers: peers.split(separator: ",").map { Peer(name: String($0), script: "\(peersFolder)/peer.py") },
            concurrency: concurrency, scale: quick ? 0.1 : 1)
        let parts = try chosenParts()
        var report = Report()
        for repetition in 1...repetitions {
            FileHandle.standardError.write(Data("bench: repetition \(repetition) of \(repetitions)\n".utf8))
            for part in parts { try await plan.measure(part, into: &report) }
        }
        var growth: [DepthCost] = []
        if parts.contains(.growth) {
            FileHandle.standardError.write(Data("bench: cost by depth\n".utf8))
            growth = try await plan.measureGrowth(depths: quick ? [1_000, 20_000] : [1_000, 100_000, 5_000_000])
        }
        await plan.stop()

        print(
            """
            Redis over loopback TCP, persistence off unless 'fsync'; jobs of 200 bytes; medians of \(repetitions).
            Drain: \(plan.drained) jobs queued, one worker process, \(concurrency) at once, steady rate of the last 90 %; \
            fsync: \(plan.drainedSynced) jobs.
            Everything is on: leases, fencing, deduplication window, counters, registry.

            """)
        report.writeFigures()
        print("")
        if let first = growth.first, let last = growth.last {
            print("    queued  enqueue/s  Redis µs/enqueue   drain/s   Redis µs/drained   Redis MiB")
            for depth in growth { print(depth.row) }
            for depth in growth { report.add("queue.cost_\(depth.label)_us", depth.microseconds) }
            report.add("queue.cost_ratio_\(last.label)_to_\(first.label)", last.microseconds / first.microseconds)
            report.add("queue.worker_rss_mib", last.workerMiB)
            print("Worker memory after \(last.workerJobs) jobs: \(Report.number(last.workerMiB)) MiB.\n")
        }
        report.writeGoals()
        if json { print(try report.json()) }
    }

    private func chosenParts() throws -> [QueueMeasurements.Part] {
        guard !only.isEmpty else { return QueueMeasurements.Part.allCases }
        return try only.split(separator: ",").map { name in
            guard let part = QueueMeasurements.Part(rawValue: String(name)) else {
                throw ValidationError("--only: there is no part '\(name)'")
            }
            return part
        }
    }
}
