internal import Metrics
internal import Synchronization

/// The metrics of the queues that a ``JobQueue`` and its workers touch, through swift-metrics.
///
/// Names and units are Prometheus's. Dimensions are `queue` and, where the worker knows the type, `type`: both are
/// bounded by the program, never by its data. Instruments are made once; making one costs more than counting with it.
final class QueueMetrics: Sendable {
    private let queues = Mutex<[String: QueueInstruments]>([:])

    func of(_ queue: String) -> QueueInstruments {
        queues.withLock { queues in
            if let known = queues[queue] { return known }
            let made = QueueInstruments(queue)
            queues[queue] = made
            return made
        }
    }

    /// Counts what became of the jobs of a call.
    func enqueued(_ jobs: some Collection<PreparedJob>, _ results: [EnqueueResult]) {
        var counts: [String: (new: Int, known: Int)] = [:]
        for (job, result) in zip(jobs, results) {
            if result == .enqueued {
                counts[job.queue, default: (0, 0)].new += 1
            } else {
                counts[job.queue, default: (0, 0)].known += 1
            }
        }
        for (queue, count) in counts {
            let instruments = of(queue)
            if count.new > 0 { instruments.enqueued.increment(by: count.new) }
            if count.known > 0 { instruments.duplicates.increment(by: count.known) }
        }
    }
}

/// What is counted and measured of one queue in this process.
final class QueueInstruments: Sendable {
    /// What is known by type.
    final class OfType: Sendable {
        /// Acknowledged jobs.
        let completed: Counter
        /// Attempts that failed.
        let failed: Counter
        /// Failed attempts after which the job waits for its next one.
        let retried: Counter
        /// Jobs whose last failure dead-lettered them.
        let dead: Counter
        /// How long attempts ran, whatever came of them.
        private let duration: Timer

        init(_ queue: String, _ type: String) {
            let dimensions = [("queue", queue), ("type", type)]
            completed = Counter(label: "jobqueue_completed_total", dimensions: dimensions)
            failed = Counter(label: "jobqueue_failed_total", dimensions: dimensions)
            retried = Counter(label: "jobqueue_retried_total", dimensions: dimensions)
            dead = Counter(label: "jobqueue_dead_total", dimensions: dimensions)
            duration = Timer(label: "jobqueue_run_duration_seconds", dimensions: dimensions)
        }

        func ran(for duration: Duration) { self.duration.record(duration: duration) }
    }

    /// Jobs that were put on the queue.
    let enqueued: Counter
    /// Enqueues that were no-ops: the id or the unique key was known.
    let duplicates: Counter
    /// Leases that ran out and were reaped by this process's turns.
    let lapsed: Counter
    /// Claims of this process that were lost before their end.
    let lost: Counter
    /// Jobs that were parked because the process does not know their type and version.
    let parked: Counter
    /// Running jobs that were cancelled.
    let cancelled: Counter
    /// Jobs that were handed back without blame.
    let released: Counter
    /// Handlers that ignored their cancellation and were given up.
    let abandoned: Counter
    /// How long jobs that were not tried before had been claimable when they were claimed, on Redis's clock.
    let waited: Timer
    /// The round trips that settle and claim.
    let turn: Timer
    /// How many jobs a turn claimed, where it claimed any.
    let claimed: Recorder

    private let queue: String
    private let types = Mutex<[String: OfType]>([:])

    init(_ queue: String) {
        self.queue = queue
        let dimensions = [("queue", queue)]
        func counter(_ name: String) -> Counter { Counter(label: "jobqueue_\(name)_total", dimensions: dimensions) }
        enqueued = counter("enqueued")
        duplicates = counter("duplicates")
        lapsed = counter("lapsed")
        lost = counter("leases_lost")
        parked = counter("parked")
        cancelled = counter("cancelled")
        released = counter("released")
        abandoned = counter("abandoned")
        waited = Timer(label: "jobqueue_wait_duration_seconds", dimensions: dimensions)
        turn = Timer(label: "jobqueue_turn_duration_seconds", dimensions: dimensions)
        claimed = Recorder(label: "jobqueue_claim_batch_size", dimensions: dimensions)
    }

    func of(type: String) -> OfType {
        types.withLock { types in
            if let known = types[type] { return known }
            let made = OfType(queue, type)
            types[type] = made
            return made
        }
    }

    func count(_ result: EnqueueResult) {
        (result == .enqueued ? enqueued : duplicates).increment()
    }

    func countAbandoned() { abandoned.increment() }

    /// Counts what a turn settled and claimed.
    func turned(_ turn: Turn, _ reply: TurnReply, took: Duration) {
        self.turn.record(duration: took)
        settled(turn.endings, problems: reply.problems)
        if reply.lapsed > 0 { lapsed.increment(by: reply.lapsed) }
        guard !reply.claimed.isEmpty else { return }
        claimed.record(reply.claimed.count)
        if let milliseconds = reply.waited { waited.recordMilliseconds(milliseconds) }
    }

    private func settled(_ endings: [Ending], problems: [Int: TurnReply.Problem]) {
        // A batch is mostly of one type: counted in runs, so that a job costs a comparison.
        var type = ""
        var count = 0
        func flush() {
            if count > 0 { of(type: type).completed.increment(by: count) }
            count = 0
        }
        for (position, ending) in endings.enumerated() {
            switch (problems[position], ending.outcome) {
            case (.stale, _):
                lost.increment()
            case (.refused, _):
                // Comes again as a failure.
                break
            case (.broken, _):
                failed(ending, isPermanent: true)
            case (nil, .completed):
                if let name = ending.header?.name, name != type {
                    flush()
                    type = name
                }
                count += 1
            case (nil, .failed(_, let isPermanent, _)):
                failed(ending, isPermanent: isPermanent)
            case (nil, .released): released.increment()
            case (nil, .parked): parked.increment()
            case (nil, .cancelled): cancelled.increment()
            }
        }
        flush()
    }

    private func failed(_ ending: Ending, isPermanent: Bool) {
        // One whose envelope can't be read has no type.
        let instruments = of(type: ending.header?.name ?? "unknown")
        instruments.failed.increment()
        // The script decides by the same numbers.
        let isLast = isPermanent || ending.failures + 1 >= (ending.header?.maximumFailures ?? 1)
        (isLast ? instruments.dead : instruments.retried).increment()
    }
}
