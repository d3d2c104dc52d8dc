/// Sends commands on one connection and waits for their replies.
struct Sender: Sendable {
    let reactor: Reactor
    let link: Link
    let defaultTimeout: Duration

    private var mailbox: Mailbox { reactor.mailbox }

    func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        let pending = PendingCommand(command, defaultTimeout: defaultTimeout)
        let reply = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                pending.sink = .single(continuation)
                switch mailbox.post(pending, to: link) {
                case .refused: pending.resume(with: .failure(.clientClosed))
                case .taken: break
                case .takenAsleep: reactor.turnNow(for: link)
                }
            }
        } onCancel: {
            mailbox.post(.cancel(pending, link))
        }
        return try reply.get()
    }

    /// - Parameter areBound: whether they go on one connection or not at all; their sender repeats them then.
    func send(_ commands: [RedisCommand], areBound: Bool = false) async -> [Result<RESPValue, RedisError>] {
        guard !commands.isEmpty else { return [] }
        let batch = PendingBatch(count: commands.count)
        let pendings = commands.enumerated().map { index, command in
            PendingCommand(
                command, defaultTimeout: defaultTimeout, isBound: areBound, sink: .batch(batch, index: index))
        }
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                batch.continuation = continuation
                switch mailbox.post(pendings, to: link) {
                case .refused:
                    for pending in pendings {
                        pending.resume(with: .failure(.clientClosed))
                    }
                case .taken: break
                case .takenAsleep: reactor.turnNow(for: link)
                }
            }
        } onCancel: {
            for pending in pendings {
                mailbox.post(.cancel(pending, link))
            }
        }
    }

    /// - Parameter replicated: who calls the script, if it is to be replicated; loading it need not be.
    func eval(
        _ script: RedisScript, keys: [String], arguments: [RedisArgument], retry: RedisClient.Retry, timeout: Duration?,
        replicated: ((RedisCommand) async throws(RedisError) -> RESPValue)? = nil
    ) async throws(RedisError) -> RESPValue {
        func run(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
            guard let replicated else { return try await send(command) }
            return try await replicated(command)
        }
        let deadline = StepDeadline(timeout ?? defaultTimeout, now: .now)
        var digest = script.digest
        if digest == nil {
            let load = RedisCommand("SCRIPT", "LOAD", RedisArgument(script.source)).retrying(.safe)
            digest = try await send(load.timeout(deadline.remaining(now: .now))).string
            if let digest { script.learn(digest: digest) }
        }
        do throws(RedisError) {
            let call = RedisCommand(evaluating: digest ?? "", by: "EVALSHA", keys: keys, arguments: arguments)
            return try await run(call.retrying(retry).timeout(deadline.remaining(now: .now)))
        } catch {
            // Restarted, failed over or flushed: it does not know the script any more, so nothing has run.
            guard error.serverError?.prefix == "NOSCRIPT" else { throw error }
            let call = RedisCommand(evaluating: script.source, by: "EVAL", keys: keys, arguments: arguments)
            return try await run(call.retrying(retry).timeout(deadline.remaining(now: .now)))
        }
    }
}

/// One time limit for steps that follow each other.
struct StepDeadline {
    private let end: MonotonicTime

    init(_ timeout: Duration, now: MonotonicTime) {
        end = now.advanced(by: timeout)
    }

    /// What is left for the next step, which is not sent if there is nothing.
    func remaining(now: MonotonicTime) throws(RedisError) -> Duration {
        guard end > now else { throw RedisError(.notSent, "the time was up before the script was called") }
        return end.duration(since: now)
    }
}

extension RedisError {
    static var clientClosed: RedisError {
        RedisError(.closed, "the client is closed")
    }
}
