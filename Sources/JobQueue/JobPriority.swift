/// A strict level: a job of a higher level is always claimed before those of a lower one in the same queue.
public enum JobPriority: Int, Codable, Sendable, CaseIterable {
    /// Claimed first.
    case high = 0
    /// The usual level.
    case normal = 1
    /// Claimed when nothing else waits.
    case low = 2
}
