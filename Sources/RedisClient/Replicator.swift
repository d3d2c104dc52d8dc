import Synchronization

/// Sends commands with one `WAIT` behind them, and lets them count only when it says that enough replicas have them.
///
/// `WAIT` holds back everything behind it on its connection until the replicas have answered, so it must not go where
/// other commands go; and it counts the writes before it on its own connection, so it must go where they went. Hence a connection that
/// carries nothing but replicated writes. While one write waits, what comes is gathered for the next: the server would not
/// read it before either, and all of it shares one `WAIT` then.
///
/// A batch is repeated as a whole, here: a command that the connection sent again by itself would no longer stand
/// before its `WAIT`.
final class Replicator: Sendable {
    private struct Entry: Sendable {
        let command: RedisCommand
        let requirement: ReplicationRequirement
        let deadline: MonotonicTime
        let waiter: Waiter<RESPValue>
    }

    private struct State {
        var waiting: [Entry] = []
        var isFlushing = false
    }

    /// The most commands before one `WAIT`: the first must not wait for ever so many.
    private static let batchLimit = 1_000

    private let sender: Sender
    private let state = Mutex(State())

    init(sender: Sender) {
        self.sender = sender
    }

    func send(_ command: RedisCommand, _ requirement: ReplicationRequirement) async throws(RedisError) -> RESPValue {
        let waiter = Waiter<RESPValue>()
        let timeout = command.timeout ?? sender.defaultTimeout
        let entry = Entry(
            command: command, requirement: requirement, deadline: MonotonicTime.now.advanced(by: timeout),
            waiter: waiter)
        let answer: Result<RESPValue, RedisError> = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                waiter.wait(continuation)
                guard !waiter.isDone else { return }
                let starts = state.withLock { state in
                    state.waiting.append(entry)
                    defer { state.isFlushing = true }
                    return !state.isFlushing
                }
                // No caller's task: one that is cancelled must not take its neighbours with it. It ends when nothing waits.
                if starts { Task { await flush() } }
            }
        } onCancel: {
            waiter.resume(.failure(RedisError(.cancelled, "\(command.name): cancelled, perhaps after it was sent")))
        }
        return try answer.get()
    }

    private func flush() async {
        while let batch = nextBatch() {
            let requirement = batch[0].requirement
            let wait = RedisCommand(
                "WAIT", RedisArgument(requirement.replicas), RedisArgument(requirement.timeout.wholeMilliseconds))
            let now = MonotonicTime.now
            let commands = batch.map { $0.command.timeout($0.deadline.duration(since: now)) }
            let replies = await sender.send(commands + [wait], areBound: true)
            let copies = replies[batch.count]
            var again: [Entry] = []
            for (entry, reply) in zip(batch, replies) {
                guard let answer = Self.answer(to: entry, reply, copies: copies, now: .now) else {
                    again.append(entry)
                    continue
                }
                entry.waiter.resume(answer)
            }
            state.withLock { $0.waiting.insert(contentsOf: again, at: 0) }
        }
    }

    /// What can share a `WAIT`; `nil` when nothing waits.
    private func nextBatch() -> [Entry]? {
        state.withLock { state in
            // Cancelled ones are not sent any more.
            state.waiting.removeAll { $0.waiter.isDone }
            guard let requirement = state.waiting.first?.requirement else {
                state.isFlushing = false
                return nil
            }
            let batch = state.waiting.prefix(Self.batchLimit).prefix { $0.requirement == requirement }
            state.waiting.removeFirst(batch.count)
            return Array(batch)
        }
    }

    /// What a caller is told; `nil` when the command is to be sent again.
    private static func answer(
        to entry: Entry, _ reply: PendingCommand.Reply, copies: PendingCommand.Reply, now: MonotonicTime
    ) -> PendingCommand.Reply? {
        let mayRepeat = entry.deadline > now
        let isSafe = entry.command.retry == .safe
        switch (reply, copies) {
        case (.failure(let error), _):
            let isForgiven = error.didNotRun || error.code == .outcomeUnknown && isSafe
            return isForgiven && mayRepeat ? nil : reply
        case (.success, .success(let count)):
            if let count = count.int, count >= entry.requirement.replicas { return reply }
            return .failure(notReplicated(entry, "\(count.int ?? 0) of \(entry.requirement.replicas) replicas have it"))
        case (.success, .failure(let error)):
            // Cut in between: whether the next primary has it is not known, and running it there again tells.
            guard !(isSafe && mayRepeat) else { return nil }
            return .failure(notReplicated(entry, "the replicas' answer was lost", underlying: error))
        }
    }

    private static func notReplicated(_ entry: Entry, _ text: String, underlying: RedisError? = nil) -> RedisError {
        RedisError(
            .notReplicated,
            "\(entry.command.name) ran on the primary, but \(text) after \(entry.requirement.timeout): "
                + "a failover may lose it", underlying: underlying)
    }
}

extension RedisError {
    /// Certainly not, and the same command may run in a moment.
    fileprivate var didNotRun: Bool { code == .notSent || serverError?.isNotNow == true }
}

extension Duration {
    /// Whole milliseconds, at least one: for `WAIT`, zero has no end.
    fileprivate var wholeMilliseconds: Int64 { max(1, Int64(clamping: clampedNanoseconds / 1_000_000)) }
}
