internal import Foundation

/// A pool of worker processes as it shows itself; times are Redis's, in Unix milliseconds.
public struct PoolRecord: Codable, Sendable, Hashable {
    /// What a pool runs for one queue.
    public struct Share: Codable, Sendable, Hashable {
        /// The queue.
        public var queue: String
        /// The fewest processes that the pool runs.
        public var minimum: Int
        /// The most processes that the pool runs.
        public var maximum: Int
        /// How many jobs each process runs at once.
        public var concurrency: Int
        /// The wait of the oldest job that the pool scales to stay below, in milliseconds.
        public var latencyGoalMilliseconds: Int
        /// The processes that are ready for work.
        public var ready: Int
        /// The processes that there are, those that start or drain included.
        public var running: Int
        /// The processes that it was told to run.
        public var wanted: Int

        /// Creates a share.
        public init(
            queue: String, minimum: Int, maximum: Int, concurrency: Int, latencyGoalMilliseconds: Int, ready: Int = 0,
            running: Int = 0, wanted: Int = 0
        ) {
            self.queue = queue
            self.minimum = minimum
            self.maximum = maximum
            self.concurrency = concurrency
            self.latencyGoalMilliseconds = latencyGoalMilliseconds
            self.ready = ready
            self.running = running
            self.wanted = wanted
        }
    }

    /// The id, unique to a run of a pool.
    public var id: String
    /// The host.
    public var host: String
    /// The process id of the supervisor.
    public var pid: Int
    /// When it was heard of last.
    public var beatAt: Int64
    /// What it runs.
    public var shares: [Share]

    /// Creates a record.
    public init(id: String, host: String, pid: Int, beatAt: Int64 = 0, shares: [Share]) {
        self.id = id
        self.host = host
        self.pid = pid
        self.beatAt = beatAt
        self.shares = shares
    }
}

/// How many processes an operator wants for a queue over all pools, instead of what its latency asks for.
public struct PoolOverride: Sendable, Hashable, CustomStringConvertible {
    /// The fewest.
    public var minimum: Int
    /// The most; the same as the fewest for a fixed number.
    public var maximum: Int

    /// Creates an override; `nil` unless `0 <= minimum <= maximum <= 1000`.
    public init?(minimum: Int, maximum: Int) {
        guard minimum >= 0, minimum <= maximum, maximum <= 1000 else { return nil }
        self.minimum = minimum
        self.maximum = maximum
    }

    /// Reads `4` or `1..8`.
    public init?(_ text: String) {
        let parts = text.components(separatedBy: "..")
        guard let first = parts.first.flatMap({ Int($0) }) else { return nil }
        switch parts.count {
        case 1: self.init(minimum: first, maximum: first)
        case 2:
            guard let last = Int(parts[1]) else { return nil }
            self.init(minimum: first, maximum: last)
        default: return nil
        }
    }

    /// As it is read: `4` or `1..8`.
    public var description: String { minimum == maximum ? "\(minimum)" : "\(minimum)..\(maximum)" }
}

/// What one beat of a pool learns.
public struct PoolView: Sendable {
    /// Redis's time, in Unix milliseconds.
    public var at: Int64
    /// Whether this pool plans for all.
    public var isLeader: Bool
    /// The operators' overrides, by queue.
    public var overrides: [String: PoolOverride]
    /// What this pool shall run, by queue; empty until a leader has planned.
    public var wanted: [String: Int]
    /// All pools that were heard of lately, this one included.
    public var pools: [PoolRecord]

    /// Creates a view.
    public init(
        at: Int64, isLeader: Bool, overrides: [String: PoolOverride], wanted: [String: Int], pools: [PoolRecord]
    ) {
        self.at = at
        self.isLeader = isLeader
        self.overrides = overrides
        self.wanted = wanted
        self.pools = pools
    }
}
