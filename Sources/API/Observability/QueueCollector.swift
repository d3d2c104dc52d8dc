import JobQueue
import Logging
import Telemetry

/// The queues' figures, read from Redis at the moment of asking; one process of an installation shows them.
struct QueueCollector: Sendable {
    let queue: JobQueue
    let logger: Logger

    func register(in registry: MetricsRegistry) {
        registry.collect { await samples() }
    }

    func samples() async -> [MetricSample] {
        do {
            let (queues, workers) = try await measure()
            return queues.flatMap(Self.samples) + Self.samples(workers, queues: queues.map(\.name))
        } catch {
            // Half an answer is worth more than none: the missing half shows on the graph.
            logger.warning("queues not measured", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func measure() async throws -> ([QueueStatus], [WorkerRecord]) {
        try await ScrapeLimit.within {
            let inspector = QueueInspector(queue: queue)
            return (try await inspector.queues(minutes: 1), try await inspector.workers())
        }
    }

    private static func samples(_ queue: QueueStatus) -> [MetricSample] {
        let states: [(String, Int)] = [
            ("waiting", queue.waiting.reduce(0, +)), ("suspect", queue.suspect), ("running", queue.running),
            ("scheduled", queue.scheduled), ("parked", queue.parked), ("dead", queue.dead),
        ]
        var samples = states.map { state, count in
            MetricSample("sunset_queue_jobs", .gauge, Double(count), [("queue", queue.name), ("state", state)])
        }
        let latency = Double(queue.latencyMilliseconds ?? 0) / 1000
        samples.append(MetricSample("sunset_queue_latency_seconds", .gauge, latency, [("queue", queue.name)]))
        samples.append(
            MetricSample("sunset_queue_paused", .gauge, queue.isPaused ? 1 : 0, [("queue", queue.name)]))
        return samples
    }

    private static func samples(_ workers: [WorkerRecord], queues: [String]) -> [MetricSample] {
        queues.flatMap { name in
            let count = workers.count { $0.queues.contains(name) }
            let longest = workers.flatMap(\.running).filter { $0.queue == name }.map(\.milliseconds).max() ?? 0
            return [
                MetricSample("sunset_queue_workers", .gauge, Double(count), [("queue", name)]),
                MetricSample("sunset_queue_longest_run_seconds", .gauge, Double(longest) / 1000, [("queue", name)]),
            ]
        }
    }
}
