/// What became of an enqueue.
public enum EnqueueResult: Sendable, Hashable {
    /// The job is on its queue, as durable as Redis's settings make a write.
    case enqueued
    /// A job of this id lives or ended within its window; nothing changed.
    ///
    /// Also the answer when a cut made the client repeat an enqueue that had arrived.
    case duplicate
    /// Another job holds the lock of this unique job's key; nothing changed.
    case unique(holder: JobID)
}
