internal import Metrics
internal import Synchronization

/// Counters per queue, made once: making one costs more than counting with it.
enum QueueMetrics {
    private struct Key: Hashable {
        let label: String
        let queue: String
    }

    private static let counters = Mutex<[Key: Counter]>([:])
    private static let timers = Mutex<[String: Metrics.Timer]>([:])

    static func enqueued(_ queue: String, _ count: Int) { add("jobqueue_enqueued", queue, count) }
    static func completed(_ queue: String, _ count: Int) { add("jobqueue_completed", queue, count) }
    static func failed(_ queue: String, _ count: Int) { add("jobqueue_failed", queue, count) }
    static func abandoned(_ queue: String, _ count: Int) { add("jobqueue_abandoned", queue, count) }
    static func lost(_ queue: String, _ count: Int) { add("jobqueue_leases_lost", queue, count) }

    /// Records the mean running time of a batch; one record a batch keeps it off the hot path.
    static func ran(_ queue: String, nanoseconds: Int64) {
        let timer = timers.withLock { timers in
            if let timer = timers[queue] { return timer }
            let timer = Metrics.Timer(label: "jobqueue_run_duration", dimensions: [("queue", queue)])
            timers[queue] = timer
            return timer
        }
        timer.recordNanoseconds(nanoseconds)
    }

    private static func add(_ label: String, _ queue: String, _ count: Int) {
        guard count > 0 else { return }
        let key = Key(label: label, queue: queue)
        let counter = counters.withLock { counters in
            if let counter = counters[key] { return counter }
            let counter = Counter(label: label, dimensions: [("queue", queue)])
            counters[key] = counter
            return counter
        }
        counter.increment(by: count)
    }
}
