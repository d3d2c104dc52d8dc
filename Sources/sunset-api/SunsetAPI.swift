import API
import ArgumentParser
import Assembly
import Foundation
import Hummingbird
import Logging
import Marketplace
import S3
import ServiceLifecycle
import Settings
import Telemetry
import UnixSignals

@main
struct SunsetAPI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sunset-api",
        abstract: "Serves Sunset's REST API, downloads and storefront.",
        discussion: "Every key of Config/sunset.yaml is a flag too: api.public_url is --api-public-url."
    )

    @Option(help: "The file of settings.") var config: String?
    @Argument(parsing: .allUnrecognized, help: "Settings, as --key value.") var settings: [String] = []

    func run() async throws {
        let settings = try Settings(file: config, flags: settings)
        let logger = LogOutput.start(settings, label: "sunset-api")
        let registry = MetricsOutput.start()
        let installation = try await Installation.open(settings, role: "sunset-api", logger: logger)
        try await installation.start()
        try await announceAdmin(installation)
        try await serve(installation, registry)
    }

    /// Makes the first admin, whose password is shown this once and kept nowhere.
    private func announceAdmin(_ installation: Installation) async throws {
        let accounts = installation.marketplace.accounts
        if let admin = try await accounts.ensureAdmin(email: installation.settings.adminEmail) {
            // Written past stdio's buffer: whoever reads the log must see it now, not when the process ends.
            let line =
                "first start: the admin is \(admin.email) with the password \(admin.password) (shown this once)\n"
            try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
        }
    }

    private func serve(_ installation: Installation, _ registry: MetricsRegistry) async throws {
        let settings = installation.settings.api
        let events = OrderEventHub(marketplace: installation.marketplace)
        let dependencies = APIDependencies(
            marketplace: installation.marketplace, events: events, metrics: RequestMetrics(registry: registry),
            logger: installation.logger)
        let configuration = APIConfiguration(
            publicURL: settings.publicURL, storefrontDirectory: settings.storefront, host: settings.host,
            port: settings.port)
        var services: [any Service] = [
            installation.redis, events, try buildAPI(dependencies: dependencies, configuration: configuration),
        ]
        if let port = settings.metricsPort {
            services.append(buildMetricsServer(dependencies: dependencies, host: settings.host, port: port))
        }
        services += try Self.s3(installation, dependencies.metrics)
        // Stopped in reverse: first no new requests, then the event hub, then Redis.
        let group = ServiceGroup(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: installation.logger)
        try await group.run()
    }

    /// The S3 protocol over the installation's store, where it is on, and what sweeps its abandoned uploads.
    private static func s3(_ installation: Installation, _ metrics: RequestMetrics) throws -> [any Service] {
        let sweeper = UploadSweeper(store: installation.store, logger: installation.logger)
        guard let settings = installation.settings.s3 else { return [sweeper] }
        var configuration = S3Configuration(
            host: settings.address.host, port: settings.address.port, region: settings.region)
        configuration.didBegin = { metrics.begin() }
        configuration.didAnswer = { answer in
            metrics.end()
            metrics.record(
                method: answer.method, route: answer.operation, status: answer.status, elapsed: answer.elapsed)
        }
        return [
            sweeper,
            buildS3Server(
                store: installation.store, keys: try AccessKeyFile(path: settings.accessKeys),
                configuration: configuration, logger: installation.logger),
        ]
    }
}
