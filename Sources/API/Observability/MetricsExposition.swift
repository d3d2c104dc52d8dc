import JobQueue
import Logging

/// What `/metrics` says: requests from this process's memory, queues from Redis at the moment of asking.
struct MetricsExposition: Sendable {
    let metrics: RequestMetrics
    let queue: JobQueue

    func text(logger: Logger) async -> String {
        var text = metrics.exposition()
        do {
            text += Self.queues(try await status())
        } catch {
            // Half an answer is worth more than none: the missing half shows on the graph.
            logger.warning("queues not measured", metadata: ["error": "\(error)"])
        }
        return text
    }

    /// Gives up before Prometheus does, whose scrape may take ten seconds and would lose the other half with this one.
    private func status() async throws -> [QueueStatus] {
        try await withThrowingTaskGroup(of: [QueueStatus]?.self) { group in
            group.addTask { try await QueueInspector(queue: queue).queues(minutes: 1) }
            group.addTask {
                try await Task.sleep(for: .seconds(2))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let queues = first else { throw TooSlow() }
            return queues
        }
    }

    private struct TooSlow: Error {}

    private static func queues(_ queues: [QueueStatus]) -> String {
        let states: [(String, (QueueStatus) -> Int)] = [
            ("waiting", { $0.depth }), ("running", { $0.running }), ("scheduled", { $0.scheduled }),
            ("parked", { $0.parked }), ("dead", { $0.dead }),
        ]
        var text = """
            # HELP sunset_queue_jobs Jobs by queue and state.
            # TYPE sunset_queue_jobs gauge

            """
        for queue in queues {
            for (state, count) in states {
                text += "sunset_queue_jobs{queue=\"\(queue.name)\",state=\"\(state)\"} \(count(queue))\n"
            }
        }
        return text
    }
}
