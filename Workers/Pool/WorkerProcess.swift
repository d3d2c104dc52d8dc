package import Assembly
internal import Clamd
internal import Charges
internal import Fulfilment
internal import Ingest
package import JobQueue
internal import Links
public import Logging
internal import Mail
internal import Maintenance
internal import Probing
internal import ServiceLifecycle
public import Settings
public import Telemetry
internal import UnixSignals

/// One worker process: the handlers of one queue, its connections, and the way it ends.
public struct WorkerProcess: Sendable {
    /// The queue that is worked on.
    public let queue: String
    /// The process's number within its queue, from 1.
    public let number: Int
    private let settings: Settings
    private let metrics: MetricsRegistry
    private let makeHandlers: (@Sendable (Installation) throws -> JobHandlers)?
    private let logger: Logger

    /// Prepares a worker of one queue.
    ///
    /// - Throws: ``PoolError`` when there is no queue of that name.
    public init(
        queue: String, number: Int, settings: Settings, metrics: MetricsRegistry, logger: Logger
    ) throws {
        try self.init(
            queue: queue, number: number, settings: settings, metrics: metrics, logger: logger, makeHandlers: nil)
    }

    /// Prepares a worker with other handlers than the queue's own, for tests of what surrounds them.
    package init(
        queue: String, number: Int, settings: Settings, metrics: MetricsRegistry, logger: Logger,
        makeHandlers: (@Sendable (Installation) throws -> JobHandlers)?
    ) throws {
        guard settings.queues.contains(where: { $0.name == queue }) else {
            throw PoolError.unknownQueue(queue, allowed: settings.queues.map(\.name))
        }
        self.queue = queue
        self.number = number
        self.settings = settings
        self.metrics = metrics
        self.makeHandlers = makeHandlers
        self.logger = logger
    }

    /// Works until SIGTERM or SIGINT, or until the supervisor is gone, then drains within the grace period.
    ///
    /// - Parameter isSupervised: whether standard input is the supervisor's pipe, whose end means that it died.
    public func run(isSupervised: Bool) async throws {
        let name = "\(queue)-\(number)"
        // First of all: a worker that waits for Redis would outlive its supervisor.
        let watch = isSupervised ? SupervisorWatch(patience: settings.workerGrace + .seconds(5)) : nil
        let installation = try await Installation.open(settings, role: "sunset-worker:\(name)", logger: logger)
        let concurrency = settings.queues.first { $0.name == queue }?.concurrency ?? 1
        let worker = JobWorker(
            queue: installation.queue,
            handlers: try makeHandlers?(installation) ?? handlers(installation),
            configuration: JobWorkerConfiguration(
                // A heavy queue takes what it can start at once: a file that waits in one process could run in another.
                queues: [WorkerQueue(queue, concurrency: concurrency, prefetches: queue != "ingest")],
                lease: settings.workerLease,
                heartbeat: settings.workerLease / 3,
                gracePeriod: settings.workerGrace,
                name: name),
            logger: logger)
        let scheduler =
            queue == "maintenance"
            ? try JobScheduler(
                queue: installation.queue, schedules: try Self.schedules(settings), logger: logger)
            : nil
        try await installation.start()
        // Before the group: its services start in any order, and two of them have files there.
        try PidFile.makeFolder(runFolder)
        // Stopped in reverse: first the worker drains, then Redis is let go.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: installation.redis),
                    .init(service: metricsServer(name)),
                    .init(service: LoneMetrics(port: isSupervised ? nil : settings.workerMetricsPort, metrics, logger)),
                    .init(service: PidService(directory: runFolder, name: name)),
                    .init(service: worker, successTerminationBehavior: .gracefullyShutdownGroup),
                ] + (scheduler.map { [.init(service: $0)] } ?? []),
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        watch?.drains { await group.triggerGracefulShutdown() }
        try await group.run()
    }

    private var runFolder: String { settings.dataDirectory + "/run/workers" }

    /// The socket on which a worker shows its metrics to the pool.
    static func metricsSocket(runFolder: String, name: String) -> String { "\(runFolder)/\(name).metrics" }

    private func metricsServer(_ name: String) -> MetricsServer {
        metrics.describeAll()
        ProcessMetrics.register(in: metrics)
        let path = Self.metricsSocket(runFolder: runFolder, name: name)
        return MetricsServer(.unix(path: path), logger: logger) { [metrics] in await metrics.exposition() }
    }

    /// The metrics of a worker that no pool gathers, on the pool's own address.
    ///
    /// Where that is taken, by a pool or another worker, the work goes on without.
    private struct LoneMetrics: Service {
        let port: Int?
        let metrics: MetricsRegistry
        let logger: Logger

        init(port: Int?, _ metrics: MetricsRegistry, _ logger: Logger) {
            (self.port, self.metrics, self.logger) = (port, metrics, logger)
        }

        func run() async {
            if let port {
                let server = MetricsServer(.tcp(host: "127.0.0.1", port: port), logger: logger) { [metrics] in
                    await metrics.exposition()
                }
                do {
                    return try await server.run()
                } catch {
                    logger.error("the metrics are not served", metadata: ["port": "\(port)", "error": "\(error)"])
                }
            }
            try? await gracefulShutdown()  // cancelled: the end as well
        }
    }

    /// The periodic work of an installation.
    ///
    /// - Throws: ``PoolError`` when a setting of it is not allowed.
    static func schedules(_ settings: Settings) throws -> [JobSchedule] {
        func entries(_ key: String, _ make: (String) throws -> [JobSchedule]) throws -> [JobSchedule] {
            do {
                return try make(settings.maintenanceTimeZone)
            } catch let error as JobQueueError {
                throw PoolError.badSetting(key: "\(key), maintenance.time_zone", reason: error.message)
            }
        }
        return try entries("maintenance.ledger_check") {
            try MaintenanceHandlers.schedules(ledgerCheck: settings.ledgerCheck, timeZone: $0)
        }
            + entries("maintenance.store_scrub") {
                try MaintenanceHandlers.schedules(storeScrub: settings.storeScrub, timeZone: $0)
            }
    }

    private func handlers(_ installation: Installation) throws -> JobHandlers {
        var handlers = JobHandlers()
        let marketplace = installation.marketplace
        switch queue {
        case "ingest":
            IngestHandlers.register(
                into: &handlers, marketplace: marketplace,
                limits: ProbeLimits(
                    maximumPixels: settings.ingestMaximumPixels, memoryMiB: settings.ingestMemoryMiB,
                    cpuTime: settings.ingestCPUTime,
                    archive: ArchiveLimits(
                        entries: settings.ingestArchiveEntries, unpackedBytes: settings.ingestArchiveBytes,
                        ratio: settings.ingestArchiveRatio, depth: settings.ingestArchiveDepth)),
                scanner: settings.ingestScanner.flatMap(ScannerAddress.init).map {
                    MalwareScanner(address: $0, timeout: settings.ingestScannerTimeout)
                })
        case "charges": ChargesHandlers.register(into: &handlers, marketplace: marketplace)
        case "fulfilment": FulfilmentHandlers.register(into: &handlers, marketplace: marketplace)
        case "links": LinksHandlers.register(into: &handlers, marketplace: marketplace)
        case "mail":
            MailHandlers.register(
                into: &handlers, maildir: try Maildir(directory: settings.mailDirectory), from: settings.mailFrom,
                publicURL: settings.api.publicURL)
        case "maintenance":
            MaintenanceHandlers.register(
                into: &handlers, marketplace: marketplace, scrubBytesPerSecond: settings.storeScrubBytesPerSecond)
        default: throw PoolError.unknownQueue(queue, allowed: settings.queues.map(\.name))
        }
        return handlers
    }
}
