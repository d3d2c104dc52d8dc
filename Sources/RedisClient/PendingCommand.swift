/// A command on its way: from the caller's task through the mailbox to a connection and back.
///
/// `@unchecked Sendable`: the caller sets `sink` before it posts the command and touches nothing afterwards; from then on every
/// mutable field belongs to who has the reactor's turn. The mailbox orders the two.
final class PendingCommand: Letter, @unchecked Sendable {
    typealias Reply = Result<RESPValue, RedisError>

    /// Who waits for the reply.
    enum Sink {
        case single(UnsafeContinuation<Reply, Never>)
        case batch(PendingBatch, index: Int)
        /// A test that looks at what the state machine returns.
        case nobody
    }

    enum Stage {
        /// Not written, or answered with "not now": it has not run since it was last queued.
        case waiting
        /// Handed to hiredis; a reply is due even when nobody waits any more.
        case inFlight
    }

    let command: RedisCommand
    /// The time it may take; `UInt64.max` has no end.
    let timeoutNanoseconds: UInt64
    /// It means something only on the connection that carries its neighbours (`WAIT` behind a write): never sent again.
    let isBound: Bool

    var sink: Sink
    /// Where it is to go, until the reactor has taken it there.
    var link: Link?
    var stage = Stage.waiting
    /// Answered, failed, expired or cancelled.
    ///
    /// In the queue of replies that are due it is a tombstone then.
    var isDone = false
    /// A connection has it.
    ///
    /// Before that, a cancellation only leaves its mark.
    var isAccepted = false
    /// When a connection took it.
    var accepted: MonotonicTime?
    /// The caller was cancelled; may be known before the command arrives.
    var isCancelled = false
    /// It was in flight at a cut and is sent again: it may have run although it waits.
    var mayHaveRun = false
    /// The connection's count of bytes at the end of this command.
    var endOffset: UInt64 = 0
    /// The "not now" answer that it waits out.
    var refusal: RedisServerError?

    init(_ command: RedisCommand, defaultTimeout: Duration, isBound: Bool = false, sink: Sink = .nobody) {
        self.command = command
        self.isBound = isBound
        self.sink = sink
        timeoutNanoseconds = command.timeoutNanoseconds(default: defaultTimeout)
    }
}

extension RedisCommand {
    func timeoutNanoseconds(default defaultTimeout: Duration) -> UInt64 {
        if let timeout { return timeout.clampedNanoseconds }
        guard case .blocking(let own) = kind else { return defaultTimeout.clampedNanoseconds }
        guard let own else { return .max }
        return (own + defaultTimeout).clampedNanoseconds
    }
}

/// The replies of commands that were sent together.
///
/// `@unchecked Sendable`: as ``PendingCommand``.
final class PendingBatch: @unchecked Sendable {
    var replies: [PendingCommand.Reply]
    var missing: Int
    var continuation: UnsafeContinuation<[PendingCommand.Reply], Never>?

    init(count: Int) {
        replies = Array(repeating: .success(.null), count: count)
        missing = count
    }
}

extension PendingCommand {
    /// Hands the reply to whoever waits.
    ///
    /// Once.
    func resume(with reply: Reply) {
        switch sink {
        case .single(let continuation):
            continuation.resume(returning: reply)
        case .batch(let batch, let index):
            batch.replies[index] = reply
            batch.missing -= 1
            if batch.missing == 0 {
                batch.continuation?.resume(returning: batch.replies)
                batch.continuation = nil
            }
        case .nobody:
            break
        }
        sink = .nobody
    }
}
