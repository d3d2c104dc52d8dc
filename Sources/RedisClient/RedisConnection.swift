/// A connection for one task alone: for blocking commands and transactions.
///
/// It is valid inside the body of ``RedisClient/withConnection(_:)``. It does not reconnect: once it is cut, or once a command on it timed out or was
/// cancelled, every further command fails with ``RedisError/Code/closed``.
public struct RedisConnection: Sendable {
    /// Sends a command and waits for its reply.
    public func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        throw RedisError(.closed, "not built yet")
    }

    /// Runs a script by its SHA-1, by its source where the server does not know it.
    public func eval(
        _ script: RedisScript, keys: [String], arguments: [RedisArgument], retry: RedisClient.Retry = .never,
        timeout: Duration? = nil
    ) async throws(RedisError) -> RESPValue {
        throw RedisError(.closed, "not built yet")
    }
}
