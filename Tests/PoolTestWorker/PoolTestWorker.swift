import ArgumentParser
import Assembly
import Foundation
import Pool
import ServiceLifecycle
import Settings
import UnixSignals

/// The pool and its worker processes as they are, with jobs that only tests have.
@main
struct PoolTestWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool-test-worker", subcommands: [RunTestPool.self, RunTestWorker.self, RunTestLoad.self])
}

struct RunTestPool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pool")

    @Argument(parsing: .allUnrecognized) var settings: [String] = []

    func run() async throws {
        let checked = try Settings(flags: settings)
        let logger = LogOutput.start(checked, label: "pool")
        let flags = settings
        let pool = WorkerPool(
            settings: checked, executable: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            arguments: settings, metrics: MetricsOutput.start(), reload: { try Settings(flags: flags) },
            logger: logger)
        try await ServiceGroup(
            services: [pool], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
        ).run()
    }
}

struct RunTestWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run")

    @Option var queue: String
    @Option var number: Int
    @Flag var supervised = false
    @Argument(parsing: .allUnrecognized) var settings: [String] = []

    func run() async throws {
        let settings = try Settings(flags: settings)
        let logger = LogOutput.start(settings, label: "\(queue)-\(number)")
        let worker = try WorkerProcess(
            queue: queue, number: number, settings: settings, metrics: MetricsOutput.start(), logger: logger
        ) { _ in PoolTestHandlers.make() }
        // As a start does that waits for something which never comes.
        while FileManager.default.fileExists(atPath: settings.dataDirectory + "/hang") {
            try await Task.sleep(for: .milliseconds(50))
        }
        try await worker.run(isSupervised: supervised)
    }
}
