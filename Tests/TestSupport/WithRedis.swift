public import Logging
public import RedisClient

/// Runs `body` with a private server and a client of it, and closes both afterwards.
///
/// - Parameters:
///   - configuration: lines of `redis.conf`, see ``RedisServer/start(configuration:directory:)``.
///   - adjust: changes to the client's configuration.
public func withRedis<T>(
    configuration: [String] = [],
    adjust: (inout RedisConfiguration) -> Void = { _ in },
    _ body: (RedisServer, RedisClient) async throws -> T
) async throws -> T {
    let server = try await RedisServer.start(configuration: configuration)
    defer { server.stop() }
    let client = server.makeClient(adjust: adjust)
    do {
        let result = try await body(server, client)
        await client.close()
        return result
    } catch {
        await client.close()
        throw error
    }
}

extension RedisServer {
    /// A client of this server (through another socket, when `socketPath` names a proxy's).
    ///
    /// The caller closes it.
    public func makeClient(
        socketPath: String? = nil,
        adjust: (inout RedisConfiguration) -> Void = { _ in }
    ) -> RedisClient {
        var configuration = RedisConfiguration(address: .unix(path: socketPath ?? self.socketPath))
        adjust(&configuration)
        return RedisClient(configuration, logger: .quiet)
    }
}

extension Logger {
    /// A logger for tests that shows only what is critical.
    public static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }
}
