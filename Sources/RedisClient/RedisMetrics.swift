internal import Metrics

/// What a client counts, on its reactor's thread.
///
/// Numbers are gathered in plain integers and handed to the backend once a turn of the loop, so that a thousand commands cost
/// it one call. For the same reason one command a turn is timed, the first that ends: all of them where the load is low, a sample where it is high.
struct RedisMetrics {
    /// Commands taken from callers.
    var commands = 0
    /// Writes that carried commands.
    var roundTrips = 0
    /// Connections that came back.
    var reconnects = 0
    /// Commands whose time was up.
    var timeouts = 0
    /// Commands that were cut between sending and reply.
    var unknownOutcomes = 0
    /// The duration of one command, waiting for a connection included.
    var duration: Duration?

    private let counters: [(path: WritableKeyPath<RedisMetrics, Int>, counter: Counter)]
    private let timer: Metrics.Timer

    init(factory: any MetricsFactory) {
        func counter(_ name: String) -> Counter {
            Counter(label: "redis_client_\(name)", dimensions: [], factory: factory)
        }
        counters = [
            (\.commands, counter("commands")), (\.roundTrips, counter("round_trips")),
            (\.reconnects, counter("reconnects")), (\.timeouts, counter("timeouts")),
            (\.unknownOutcomes, counter("unknown_outcomes")),
        ]
        timer = Timer(label: "redis_client_command_duration", dimensions: [], factory: factory)
    }

    /// Notes how a command ended.
    mutating func ended(_ reply: PendingCommand.Reply, accepted: MonotonicTime, now: MonotonicTime) {
        if duration == nil { duration = now.duration(since: accepted) }
        if case .failure(let error) = reply, error.code == .outcomeUnknown { unknownOutcomes += 1 }
    }

    /// Hands everything over.
    mutating func flush() {
        for (path, counter) in counters where self[keyPath: path] > 0 {
            counter.increment(by: self[keyPath: path])
            self[keyPath: path] = 0
        }
        if let duration {
            timer.recordNanoseconds(Int64(clamping: duration.clampedNanoseconds))
            self.duration = nil
        }
    }
}
