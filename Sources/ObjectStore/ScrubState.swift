/// How far a scrub is: kept in the index, so that it can be cut anywhere.
struct ScrubState: Codable, Sendable {
    enum Phase: String, Codable {
        /// What the index says of itself.
        case index
        /// The files that objects' rows name, by name.
        case contents
        /// The files that parts' rows name, by name.
        case parts
        /// The files of the content folders, folder by folder, against the rows.
        case files
    }

    var report: ScrubReport
    var phase: Phase = .index
    /// The name or folder that was looked at last.
    var after = ""
}

/// Keeps a rate of bytes a second.
///
/// What was saved while nothing was read is not made up for later.
struct ScrubPacer: Sendable {
    private let bytesPerSecond: Int64?
    private var free: ContinuousClock.Instant

    init(bytesPerSecond: Int64?, now: ContinuousClock.Instant = .now) {
        self.bytesPerSecond = bytesPerSecond.map { max(1, $0) }
        self.free = now
    }

    /// Counts bytes that were read; returns how long to wait until the next may be.
    mutating func wait(after bytes: Int64, now: ContinuousClock.Instant = .now) -> Duration {
        guard let bytesPerSecond, bytes > 0 else { return .zero }
        let cost = Duration.seconds(1) * (Double(bytes) / Double(bytesPerSecond))
        // The bytes were read since the last wait was over, so that time counts towards their cost.
        free = max(free, now - cost) + cost
        return max(.zero, free - now)
    }
}
