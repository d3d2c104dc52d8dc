/// Where a job is: each live job is in exactly one of these.
public enum JobState: String, Codable, Sendable, CaseIterable {
    /// Waits to be claimed, by level.
    case waiting
    /// Lapsed before; is claimed singly and runs alone in its process.
    case suspect
    /// Claimed by a worker that holds the lease.
    case running
    /// Waits for its time: delayed, or retried after a failure.
    case scheduled
    /// No running process has known its type and version.
    case parked
    /// Ended without success; kept for people.
    case dead
    /// Ended with success; remembered for a while.
    case completed
}
