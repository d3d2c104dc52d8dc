import Foundation
import JobQueue
import Logging
import RedisClient

/// A worker process of the simulation: `QUEUE_SIMULATION="<socket> <lease ms> <concurrency> <prefetches> <serves all>"`.
///
/// By its environment, because Swift's `CommandLine` is empty under some preloaded libraries.
enum SimulationWorker {
    static func main(_ arguments: [String]) async throws {
        guard let lease = Int(arguments[1]), let concurrency = Int(arguments[2]) else {
            fatalError("QUEUE_SIMULATION=<socket> <lease ms> <concurrency> <prefetches> <serves all>")
        }
        var logger = Logger(label: "simulation")
        logger.logLevel = .critical
        var settings = RedisConfiguration(address: .unix(path: arguments[0]))
        settings.commandTimeout = .seconds(1)
        settings.maximumBackoff = .milliseconds(100)
        let client = RedisClient(settings, logger: logger)
        let queue = JobQueue(redis: client, namespace: try Namespace("t"), logger: logger)
        let handlers = SimulationHandlers.make { kill(getpid(), SIGKILL) }
        // Shows the test which time it is here.
        let milliseconds = Int64(Date().timeIntervalSince1970 * 1000)
        _ = try? await client.send(
            RedisCommand("RPUSH", RedisArgument("\(queue.namespace.prefix)sim:clocks"), RedisArgument(milliseconds)))
        let worker = JobWorker(
            queue: queue, handlers: handlers,
            configuration: SimulationHandlers.configuration(
                lease: lease, concurrency: concurrency, prefetches: arguments[3] == "1", servesAll: arguments[4] == "1"),
            logger: logger)
        try await runUntilTerminated(worker, logger)
        await client.close()
    }
}
