/// For how long a job keeps others of the same type and key from its queue.
///
/// Enqueuing another while the lock is held changes nothing and is answered with ``EnqueueResult/unique(holder:)``.
/// The key is the payload, or ``Job/uniqueKey``. A lock never outlives its holder: a job that is dead, cancelled,
/// deleted or in any way gone holds nothing.
public enum Uniqueness: Sendable, Hashable {
    /// From the enqueue until the first claim: at most one waits.
    ///
    /// A retry does not take the lock again, so a job that waits for its retry and a fresh one may both be there.
    case whilePending
    /// From the enqueue until the job has completed or is dead, retries included.
    case untilDone
    /// For this long from the enqueue, whether the job completed or not; at least a millisecond.
    ///
    /// A job that still lives when its period ends holds no longer.
    case period(Duration)
}
