import JobQueue
import Logging

/// What `/metrics` says: requests from this process's memory, queues from Redis at the moment of asking.
struct MetricsExposition: Sendable {
    let metrics: RequestMetrics
    let queue: JobQueue

    func text(logger: Logger) async -> String {
        var text = metrics.exposition()
        do {
            text += Self.queues(try await QueueInspector(queue: queue).queues(minutes: 1))
        } catch {
            // Half an answer is worth more than none: the missing half shows on the graph.
            logger.warning("queues not measured", metadata: ["error": "\(error)"])
        }
        return text
    }

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
