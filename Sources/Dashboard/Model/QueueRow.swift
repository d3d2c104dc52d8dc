import JobQueue

/// A queue as the screen has it: what it is now, what it did, who serves it.
struct QueueRow: Sendable, Hashable {
    /// What an operator must know of a queue, the worst first.
    enum Condition: Sendable, Hashable {
        /// Jobs wait and no worker serves it.
        case unserved
        /// It is paused.
        case paused
        /// Its jobs are for versions that no process knows.
        case parked
        /// At least a tenth of its attempts failed.
        case failing
        /// All is well.
        case active
    }

    var status: QueueStatus
    var track: QueueTrack
    /// The workers that serve it and were heard of.
    var workers: Int
    /// The jobs that they can run at once; those that serve several queues count in each.
    var places: Int

    /// The failure rate at which a queue counts as failing.
    static let failingRate = 0.1

    var condition: Condition {
        if status.isPaused { return .paused }
        if workers == 0, status.depth > 0 { return .unserved }
        if status.parked > 0 { return .parked }
        if let rate = failureRate, rate >= Self.failingRate { return .failing }
        return .active
    }

    /// Of the last five minutes.
    var failureRate: Double? { track.sum(minutes: 5).failureRate }
}
