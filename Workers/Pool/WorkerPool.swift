internal import Assembly
internal import Foundation
internal import JobQueue
internal import RedisClient
public import Logging
public import ServiceLifecycle
public import Settings
public import Telemetry
internal import UnixSignals

/// Supervises worker processes: between as few and as many per queue as the settings say, as the queues' waits demand.
///
/// A process that dies is started again, one that hangs or takes too much memory is replaced, SIGHUP replaces all of
/// them one by one without a gap, and at the end all are drained. Each child holds the read end of a pipe as its
/// standard input: when the supervisor dies, however it dies, the pipe ends and the children drain.
public struct WorkerPool: Service {
    private let settings: Settings
    private let supervisor: PoolSupervisor
    private let metrics: MetricsRegistry
    private let logger: Logger

    /// Prepares a pool.
    ///
    /// - Parameters:
    ///   - settings: says how many processes each queue has.
    ///   - executable: the program that each worker runs.
    ///   - arguments: the flags that are passed on to each worker.
    ///   - metrics: the registry of this process.
    ///   - reload: reads the settings again at SIGHUP; an error keeps the old ones.
    ///   - logger: the pool's logger.
    public init(
        settings: Settings, executable: String, arguments: [String], metrics: MetricsRegistry,
        reload: @Sendable @escaping () throws -> Settings, logger: Logger
    ) {
        self.settings = settings
        self.logger = logger
        self.metrics = metrics
        ProcessMetrics.register(in: metrics)
        supervisor = PoolSupervisor(
            settings: settings, executable: executable, arguments: arguments, reload: reload, logger: logger)
    }

    /// Runs the pool until graceful shutdown, then sends SIGTERM to every worker and waits for it to drain.
    ///
    /// - Throws: ``PoolError`` when a setting of the periodic work is not allowed; what the parts say that cannot start.
    public func run() async throws {
        // Here, so that the pool does not start, instead of starting a worker that fails again and again.
        _ = try WorkerProcess.schedules(settings)
        let installation = try await Installation.open(settings, role: "sunset-worker:pool", logger: logger)
        let registry = PoolRegistry(queue: installation.queue)
        let inspector = QueueInspector(queue: installation.queue)
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        // Of a pool that was killed together with its workers.
        ProbeSweep.run()
        try await supervisor.announce()
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await supervisor.runSlots() }
                group.addTask { await supervisor.watch(registry, inspector) }
                group.addTask { await supervisor.runReplacements() }
                group.addTask { await serveMetrics() }
                group.addTask {
                    for await _ in hangups { await supervisor.rollOver() }
                }
                await group.waitForAll()
            }
        }
        await supervisor.leave(registry)
        await installation.redis.close()
    }

    /// The pool's own figures and its workers' as one text, each line of a worker with its name.
    private func serveMetrics() async {
        guard let port = settings.workerMetricsPort else { return }
        metrics.describeAll()
        metrics.collect { await supervisor.samples() }
        let server = MetricsServer(.tcp(host: "127.0.0.1", port: port), logger: logger) {
            var merger = ExpositionMerger()
            merger.add(await metrics.exposition(), process: "pool")
            for worker in await supervisor.workerMetrics() { merger.add(worker.text, process: worker.name) }
            return merger.text
        }
        do {
            try await server.run()
        } catch {
            logger.error("the pool's metrics are not served", metadata: ["port": "\(port)", "error": "\(error)"])
        }
    }
}
