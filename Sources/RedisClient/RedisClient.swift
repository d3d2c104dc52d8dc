public import Logging
public import ServiceLifecycle

/// A Redis client for any number of tasks.
public final class RedisClient: Sendable, Service {
    /// What happens to a command when its connection is cut and its outcome is unknown.
    public enum Retry: Sendable, Hashable {
        /// It fails with ``RedisError/Code/outcomeUnknown``.
        case never
        /// It is sent again: running it twice must do no harm.
        case safe
    }

    /// Makes a client. Nothing is opened before the first command.
    public init(_ configuration: RedisConfiguration, logger: Logger) {
    }

    /// Sends a command and waits for its reply.
    public func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        throw RedisError(.closed, "not built yet")
    }

    /// Sends commands in one write and waits for all replies, which come in the order of the commands.
    public func send(_ commands: [RedisCommand]) async -> [Result<RESPValue, RedisError>] {
        []
    }

    /// Runs a script by its SHA-1, by its source where the server does not know it.
    public func eval(
        _ script: RedisScript, keys: [String], arguments: [RedisArgument], retry: Retry = .never,
        timeout: Duration? = nil
    ) async throws(RedisError) -> RESPValue {
        throw RedisError(.closed, "not built yet")
    }

    /// Lends a connection of its own to `body`.
    public func withConnection<T>(_ body: (RedisConnection) async throws -> T) async throws -> T {
        throw RedisError(.closed, "not built yet")
    }

    /// Subscribes to channels; returns when the server has confirmed them all.
    public func subscribe(to channels: [String]) async throws(RedisError) -> RedisSubscription {
        throw RedisError(.closed, "not built yet")
    }

    /// Waits for graceful shutdown, then closes.
    public func run() async throws {
        try await gracefulShutdown()
        await close()
    }

    /// Waits for the replies to what was sent, then ends the client's thread.
    public func close() async {
    }
}
