import Foundation
public import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import ServiceLifecycle
public import Telemetry

/// Names that a client of the stub needs.
public enum PaymentStub {
    /// The header that carries a webhook's signature.
    public static let signatureHeader = "Payment-Signature"
}

/// Builds the payment stub: opens its journal, replays it and returns the application to run.
///
/// The application owns the delivery of webhooks. Everything acknowledged survives SIGKILL: an answer is sent when what it says is on disk.
/// Throws if the data folder cannot be used, is used by another process, or holds a damaged journal.
/// - Parameters:
///   - metrics: counts requests and deliveries; shown on `/metrics` of `metricsPort`, if there is one.
///   - onServerRunning: Called with the port once the stub listens.
public func buildPaymentStub(
    _ configuration: PaymentStubConfiguration,
    logger: Logger,
    metrics: RequestMetrics = RequestMetrics(),
    onServerRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
) throws -> some ApplicationProtocol {
    let store = try StubStore(
        directory: configuration.dataDirectory,
        hasReceiver: configuration.webhookURL != nil,
        clock: { Date() }
    )
    let faults = Faults()
    let routes = StubRoutes(
        configuration: configuration, store: store, faults: faults, metrics: metrics, logger: logger)
    var services: [any Service] = [
        WebhookDispatcher(
            configuration: configuration, store: store, faults: faults,
            metrics: DeliveryMetrics(registry: metrics.registry), logger: logger)
    ]
    if let port = configuration.metricsPort {
        let registry = metrics.registry
        registry.describeAll()
        ProcessMetrics.register(in: registry)
        services.append(
            MetricsServer(.tcp(host: configuration.host, port: port), logger: logger) { await registry.exposition() })
    }
    return Application(
        router: routes.router(),
        configuration: .init(
            address: .hostname(configuration.host, port: configuration.port),
            serverName: "sunset-payments"
        ),
        services: services,
        onServerRunning: { channel in await onServerRunning(channel.localAddress?.port ?? configuration.port) },
        logger: logger
    )
}

/// Runs a stub for the length of `body`, which gets its base URL: for tests of what stands on payments.
package func withPaymentStub<Value: Sendable>(
    _ configuration: PaymentStubConfiguration,
    logger: Logger,
    _ body: (_ baseURL: String) async throws -> Value
) async throws -> Value {
    let (ports, port) = AsyncStream<Int>.makeStream()
    let application = try buildPaymentStub(configuration, logger: logger) { port.yield($0) }
    let group = ServiceGroup(configuration: .init(services: [application], logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { port.finish() }
            try await group.run()
        }
        guard let port = await ports.first(where: { _ in true }) else {
            try await tasks.waitForAll()
            throw CancellationError()
        }
        do {
            let value = try await body("http://\(configuration.host):\(port)")
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return value
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
    }
}
