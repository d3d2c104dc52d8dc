/// A job that this worker holds a lease on.
struct Claim: Sendable {
    let id: JobID
    let epoch: Int64
    let failures: Int
    let lapses: Int
    let envelope: Envelope
    let handler: JobHandlers.Handler
    /// Claimed from the suspects: runs alone.
    let isSolo: Bool

    var header: EnvelopeHeader { envelope.header }
    /// The list it goes back to when it is released.
    var list: String { isSolo ? "suspect" : "p\(header.priority.rawValue)" }
}

/// How a claim ends.
enum Outcome: Sendable {
    case completed(Completion)
    case failed(delay: Duration, isPermanent: Bool, message: String)
    /// Handed back without blame.
    case released(list: String)
    case parked(type: String)
}

/// A claim's end on its way to Redis.
struct Ending: Sendable {
    let id: JobID
    let epoch: Int64
    var outcome: Outcome
    /// What is needed to record a completion, or to fail it when its effects are refused.
    let header: EnvelopeHeader?
    let failures: Int
    let backoff: Backoff

    /// The same claim, ended as a failure with the type's backoff.
    func failed(_ message: String) -> Ending {
        var generator = SystemRandomNumberGenerator()
        var ending = self
        ending.outcome = .failed(
            delay: backoff.delay(failures: failures + 1, using: &generator), isPermanent: false, message: message)
        return ending
    }
}

/// Why a running handler was cancelled.
enum StopReason: Sendable {
    case timeout, leaseLost, drained
}
