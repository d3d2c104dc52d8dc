/// A queue that a worker serves.
public struct WorkerQueue: Sendable, Hashable {
    /// The queue's name.
    public var name: String
    /// How many of its jobs run at once in this process.
    public var concurrency: Int
    /// Whether jobs are claimed ahead of a free place; turn it off where one job is heavy.
    ///
    /// What is claimed ahead is what 5 ms of the measured running time takes, at most 64.
    public var prefetches: Bool
    /// Its share of the process's places while its queues want more than there are; see
    /// ``JobWorkerConfiguration/concurrency``.
    public var weight: Int

    /// Creates a description.
    public init(_ name: String, concurrency: Int = 4, prefetches: Bool = true, weight: Int = 1) {
        self.name = name
        self.concurrency = concurrency
        self.prefetches = prefetches
        self.weight = weight
    }
}

/// How a worker runs.
public struct JobWorkerConfiguration: Sendable {
    /// Which queue gets a place that several want.
    public enum Order: Sendable, Hashable {
        /// Each as often as its weight says; none starves.
        case weighted
        /// The earlier one in the list; later ones wait as long as it has work.
        case strict
    }

    /// The queues that it serves.
    public var queues: [WorkerQueue]
    /// How many jobs run at once over all queues; `nil` for as many as the queues have together.
    ///
    /// With a number, nothing is claimed ahead of a free place, so that no queue holds what another could run.
    public var concurrency: Int?
    /// Which queue gets a place that several want.
    public var order: Order
    /// How long a claim holds without a renewal.
    public var lease: Duration
    /// How often claims are renewed and the worker shows up in the registry.
    public var heartbeat: Duration
    /// How long a drain waits for running jobs before they are handed back without blame.
    public var gracePeriod: Duration
    /// How long after its cancellation a handler that does not stop is given up.
    ///
    /// The attempt ends over its head and its place is used again; the handler itself goes on until it returns, and is
    /// counted in the registry (`stuck`), so that a supervisor can replace the process.
    public var abandonAfter: Duration
    /// A name for people, shown in the registry.
    public var name: String
    /// The program's version, shown in the registry.
    public var version: String

    /// Creates a configuration.
    public init(
        queues: [WorkerQueue],
        concurrency: Int? = nil,
        order: Order = .weighted,
        lease: Duration = .seconds(30),
        heartbeat: Duration = .seconds(10),
        gracePeriod: Duration = .seconds(25),
        abandonAfter: Duration = .seconds(5),
        name: String = "worker",
        version: String = ""
    ) {
        self.queues = queues
        self.concurrency = concurrency
        self.order = order
        self.lease = lease
        self.heartbeat = heartbeat
        self.gracePeriod = gracePeriod
        self.abandonAfter = abandonAfter
        self.name = name
        self.version = version
    }

    /// How many jobs run at once in this process.
    var places: Int {
        let all = queues.reduce(0) { $0 + $1.concurrency }
        return concurrency.map { min($0, all) } ?? all
    }

    /// The part of a lease that a worker does not use: 2 s, or a fifth of a short lease.
    var margin: Duration { min(.seconds(2), lease / 5) }

    /// How long a turn may take until it is repeated; the repeat is answered from Redis's memory of the first.
    var turnTimeout: Duration { min(.seconds(10), max(.seconds(1), lease / 2)) }

    func validate() throws {
        guard !queues.isEmpty, Set(queues.map(\.name)).count == queues.count else {
            throw JobQueueError(.invalidConfiguration, "A worker serves at least one queue, each once.")
        }
        for queue in queues where !isPlainName(queue.name) || !(1...1000).contains(queue.concurrency) {
            throw JobQueueError(
                .invalidConfiguration, "Queue '\(queue.name)': a plain name, and a concurrency from 1 to 1000.")
        }
        for queue in queues where !(1...1000).contains(queue.weight) {
            throw JobQueueError(.invalidConfiguration, "Queue '\(queue.name)': a weight from 1 to 1000.")
        }
        if let concurrency, concurrency < 1 {
            throw JobQueueError(.invalidConfiguration, "A worker has at least one place, not \(concurrency).")
        }
        guard abandonAfter >= .zero, gracePeriod >= .zero else {
            throw JobQueueError(.invalidConfiguration, "No span is negative: \(abandonAfter), \(gracePeriod).")
        }
        guard lease >= .milliseconds(100), heartbeat > .zero, heartbeat * 2 <= lease else {
            throw JobQueueError(
                .invalidConfiguration, "The lease is at least 100 ms and twice the heartbeat: \(lease), \(heartbeat).")
        }
    }
}
