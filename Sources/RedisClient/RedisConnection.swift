import Synchronization

/// A connection for one task alone: for blocking commands and transactions.
///
/// It is valid inside the body of ``RedisClient/withConnection(_:)``. When it is cut, or when a command on it times out or is cancelled (which
/// cuts it), it connects again for the next command, unless a transaction was open: then every further command fails with ``RedisError/Code/closed``.
public final class RedisConnection: Sendable {
    private struct State {
        var isEnded = false
        var holdsTransaction = false
        var wasChanged = false
        /// A command failed without an answer: whether a transaction is open, or the connection broken by its loss, is not known here.
        var isDoubtful = false
    }

    private let sender: Sender
    private let state = Mutex(State())

    init(sender: Sender) {
        self.sender = sender
    }

    /// Sends a command and waits for its reply.
    ///
    /// A blocking command may take its own timeout plus the client's. Cancelling it closes the connection: what the server was about to pop may be lost.
    public func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        try note(command.kind, name: command.name)
        do throws(RedisError) {
            return try await sender.send(command)
        } catch {
            if error.code != .server { noteDoubt() }
            throw error
        }
    }

    /// Sends commands in one write and waits for all replies, which come in the order of the commands.
    public func send(_ commands: [RedisCommand]) async -> [Result<RESPValue, RedisError>] {
        do throws(RedisError) {
            for command in commands {
                try note(command.kind, name: command.name)
            }
        } catch {
            return commands.map { _ in .failure(error) }
        }
        let replies = await sender.send(commands)
        for case .failure(let error) in replies where error.code != .server {
            noteDoubt()
        }
        return replies
    }

    /// Runs a script by its SHA-1, by its source where the server does not know it.
    ///
    /// Not inside `MULTI`, where the reply that says so comes too late.
    public func eval(
        _ script: RedisScript, keys: [String], arguments: [RedisArgument], retry: RedisClient.Retry = .never,
        timeout: Duration? = nil
    ) async throws(RedisError) -> RESPValue {
        try note(.ordinary, name: "EVALSHA")
        return try await sender.eval(script, keys: keys, arguments: arguments, retry: retry, timeout: timeout)
    }

    private func note(_ kind: RedisCommandKind, name: String) throws(RedisError) {
        guard kind != .forbidden else { throw RedisError(.invalidCommand, "\(name) is not supported on a connection") }
        let isEnded = state.withLock { state in
            switch kind {
            case .opensTransaction: state.holdsTransaction = true
            case .closesTransaction: state.holdsTransaction = false
            case .changesConnection: state.wasChanged = true
            case .ordinary, .blocking, .forbidden: break
            }
            return state.isEnded
        }
        guard !isEnded else { throw RedisError(.closed, "\(name): the connection was given back") }
    }

    private func noteDoubt() {
        state.withLock { $0.isDoubtful = true }
    }

    /// Ends the loan.
    ///
    /// Returns whether the next user would find something left behind.
    func end() -> Bool {
        state.withLock { state in
            state.isEnded = true
            return state.holdsTransaction || state.wasChanged || state.isDoubtful
        }
    }
}
