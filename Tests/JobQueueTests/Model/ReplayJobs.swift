import JobQueue

/// Remembered for a while after its end.
struct ReplaySteady: Job {
    static let name = "steady"
    static let queue = "a"
    static let options = JobOptions(maximumFailures: 2, maximumLapses: 2, deduplicationWindow: .seconds(5))
}

struct ReplayKept: Job {
    static let name = "kept"
    static let queue = "a"
    static let options = JobOptions(
        priority: .high, maximumFailures: 3, maximumLapses: 3, deduplicationWindow: .zero,
        resultRetention: .seconds(20))
}

/// A type that only some workers know.
struct ReplayNew: Job {
    static let name = "new"
    static let version = 2
    static let queue = "a"
    static let options = JobOptions(maximumFailures: 9, maximumLapses: 9, deduplicationWindow: .seconds(1))
}

struct ReplayBrief: Job {
    static let name = "brief"
    static let queue = "b"
    static let options = JobOptions(
        priority: .low, maximumFailures: 1, maximumLapses: 1, deduplicationWindow: .seconds(2))
}

/// Unique until it is claimed first.
struct ReplayPending: Job {
    static let name = "pending"
    static let queue = "a"
    static let options = JobOptions(
        maximumFailures: 3, maximumLapses: 3, deduplicationWindow: .zero, uniqueness: .whilePending)
    var key: Int
}

/// Unique until it ended.
struct ReplayUnfinished: Job {
    static let name = "unfinished"
    static let queue = "a"
    static let options = JobOptions(
        maximumFailures: 2, maximumLapses: 2, deduplicationWindow: .seconds(1), uniqueness: .untilDone)
    var key: Int
}

/// Unique for longer than a replay takes by Redis's own clock.
struct ReplayPeriodic: Job {
    static let name = "periodic"
    static let queue = "a"
    static let options = JobOptions(
        maximumFailures: 2, maximumLapses: 2, deduplicationWindow: .seconds(1), uniqueness: .period(.seconds(30)))
    var key: Int
}
