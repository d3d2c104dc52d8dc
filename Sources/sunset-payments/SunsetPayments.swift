import ArgumentParser
import Assembly
import Hummingbird
import Logging
import PaymentStub
import Settings
import Telemetry

@main
struct SunsetPayments: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sunset-payments",
        abstract: "A payment provider for trying things out: test cards, no money.",
        discussion: "Every key of Config/sunset.yaml is a flag too: payments.stub.port is --payments-stub-port."
    )

    @Option(help: "The file of settings.") var config: String?
    @Argument(parsing: .allUnrecognized, help: "Settings, as --key value.") var settings: [String] = []

    func run() async throws {
        let settings = try Settings(file: config, flags: settings)
        let logger = LogOutput.start(settings, label: "sunset-payments")
        let application = try buildPaymentStub(
            PaymentStubConfiguration(
                host: settings.payments.stubHost,
                port: settings.payments.stubPort,
                metricsPort: settings.payments.stubMetricsPort,
                dataDirectory: settings.payments.stubDirectory,
                secretKey: try SecretFile.readOrCreate(settings.payments.secretKeyFile),
                webhookURL: settings.payments.stubWebhookURL,
                webhookSecrets: try Installation.webhookSecrets(settings.payments.webhookSecretFile),
                publicURL: settings.payments.url),
            logger: logger, metrics: RequestMetrics(registry: MetricsOutput.start()))
        try await application.runService()
    }
}
