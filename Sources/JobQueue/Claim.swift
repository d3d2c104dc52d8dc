/// A job that this worker holds a lease on.
///
/// A class, because it is handed around for each job: a structure's copy would count references for each of its fields.
final class Claim: Sendable {
    let id: JobID
    let epoch: Int64
    let failures: Int
    let lapses: Int
    let envelope: Envelope
    let handler: JobHandlers.Handler
    /// Claimed from the suspects: runs alone.
    let isSolo: Bool

    init(
        id: JobID, epoch: Int64, failures: Int, lapses: Int, envelope: Envelope, handler: JobHandlers.Handler,
        isSolo: Bool
    ) {
        self.id = id
        self.epoch = epoch
        self.failures = failures
        self.lapses = lapses
        self.envelope = envelope
        self.handler = handler
        self.isSolo = isSolo
    }

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
    /// Stopped because somebody asked for it: never tried again.
    case cancelled(reason: String)
}

/// What the script must know of a claim besides its end.
struct EndingFlags: OptionSet, Sendable {
    let rawValue: Int

    /// The envelope has extras, so that the end has bonds to untie (`Lua/bonds.lua`).
    static let hasExtras = EndingFlags(rawValue: 1)
    /// Progress was reported, which is to be removed.
    static let hadProgress = EndingFlags(rawValue: 2)

    init(rawValue: Int) { self.rawValue = rawValue }

    /// The flags of an envelope: the second byte of one with extras is '+'.
    init(envelope: [UInt8]) {
        self = envelope.count > 1 && envelope[1] == UInt8(ascii: "+") ? .hasExtras : []
    }
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
    var flags: EndingFlags = []

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
    case timeout, leaseLost, drained, cancelled
}
