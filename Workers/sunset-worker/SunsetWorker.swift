import ArgumentParser
import Assembly
import Foundation
import Logging
import Pool
import ServiceLifecycle
import Settings
import UnixSignals

@main
struct SunsetWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sunset-worker",
        abstract: "Works on Sunset's queues.",
        discussion: "Every key of Config/sunset.yaml is a flag too: workers.lease_s is --workers-lease-s.",
        subcommands: [Run.self, RunPool.self],
        defaultSubcommand: Run.self
    )
}

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One worker process for one queue.")

    @Option(help: "The queue to work on.") var queue: String
    @Option(help: "The process's number within its queue.") var number = 1
    @Flag(help: ArgumentHelp("Standard input is the supervisor's pipe.", visibility: .hidden)) var supervised = false
    @Option(help: "The file of settings.") var config: String?
    @Argument(parsing: .allUnrecognized, help: "Settings, as --key value.") var settings: [String] = []

    func run() async throws {
        let settings = try Settings(file: config, flags: settings)
        let logger = LogOutput.start(settings, label: "\(queue)-\(number)")
        let process = try WorkerProcess(
            queue: queue, number: number, settings: settings, metrics: MetricsOutput.start(),
            logger: logger)
        try await process.run(isSupervised: supervised)
    }
}

struct RunPool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool",
        abstract:
            "Supervises processes per queue, between the fewest and the most of the settings, as the waits demand.",
        discussion: "SIGTERM drains them all, SIGHUP reads the settings again and replaces them one by one.")

    @Option(help: "The file of settings.") var config: String?
    @Argument(parsing: .allUnrecognized, help: "Settings, as --key value.") var settings: [String] = []

    func run() async throws {
        let checked = try Settings(file: config, flags: settings)
        let logger = LogOutput.start(checked, label: "pool")
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let passedOn = settings + (config.map { ["--config", $0] } ?? [])
        let (file, flags) = (config, settings)
        let pool = WorkerPool(
            settings: checked, executable: executable, arguments: passedOn,
            metrics: MetricsOutput.start(), reload: { try Settings(file: file, flags: flags) }, logger: logger)
        let group = ServiceGroup(
            services: [pool], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
    }
}
