/// An attempt is to stop, and why: what ``JobContext/checkCancellation()`` throws.
///
/// It may be thrown out of the handler as it is. What becomes of the job goes by the reason, not by the error: see
/// ``Reason``.
public struct JobCancellation: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why an attempt is to stop.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// It took longer than its type's ``JobOptions/timeout``: a failure.
        case timeout
        /// Its lease ran out or was taken: another worker has the job, and what this attempt stages is not applied.
        case leaseLost
        /// The worker drains and its grace period is over: the job goes back without blame.
        case drain
        /// Somebody cancelled the job (``QueueInspector/cancel(id:queue:reason:)``): it is never tried again.
        case cancelled
    }

    /// Why.
    public let reason: Reason

    /// Creates one, for tests.
    public init(_ reason: Reason) {
        self.reason = reason
    }

    /// The reason's name.
    public var description: String { "the attempt was stopped: \(reason.rawValue)" }
}

/// The attempt behind a context, in the worker that makes it.
struct Attempt: Sendable {
    let worker: JobWorker
    let runner: QueueRunner
    let epoch: Int64

    var cancellation: JobCancellation.Reason? {
        switch runner.stopReason(epoch) {
        case .timeout: .timeout
        case .leaseLost: .leaseLost
        case .drained: .drain
        case .cancelled: .cancelled
        case nil: nil
        }
    }
}
