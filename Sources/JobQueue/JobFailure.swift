/// What a handler throws to say how its failure is to be treated; any other error is retried with the type's backoff.
public struct JobFailure: Error, Sendable, CustomStringConvertible {
    enum Kind: Sendable {
        case permanent
        case retry(after: Duration)
    }

    let kind: Kind
    /// The reason, kept with the job.
    public let reason: String

    /// No further attempt makes sense: the job is dead-lettered now.
    public static func permanent(_ reason: String) -> JobFailure {
        JobFailure(kind: .permanent, reason: reason)
    }

    /// The next attempt is made after this long (no jitter); it counts as a failure.
    public static func retry(after delay: Duration, _ reason: String) -> JobFailure {
        JobFailure(kind: .retry(after: delay), reason: reason)
    }

    /// The reason.
    public var description: String { reason }
}

/// An attempt took longer than its type allows; what a `retry` hook gets of it.
public struct JobTimeout: Error, Sendable, CustomStringConvertible {
    /// The type's ``JobOptions/timeout``.
    public let limit: Duration

    /// What happened.
    public var description: String { "The attempt took longer than \(limit)." }
}
