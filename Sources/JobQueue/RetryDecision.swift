/// What a type's `retry` hook makes of an error.
public enum RetryDecision: Sendable, Hashable {
    /// As without a hook: ``JobFailure`` as it says, anything else after the type's backoff.
    case standard
    /// The next attempt is made after this long (no jitter); it counts as a failure.
    case retry(after: Duration)
    /// No further attempt makes sense: the job is dead-lettered now.
    case permanent
}
