import Logging
import Marketplace
public import Telemetry

/// Builds the server of `/metrics` for Prometheus, to be bound to an address that the public can't reach.
///
/// It shows the process, its requests, and the queues of the installation.
public func buildMetricsServer(dependencies: APIDependencies, host: String, port: Int) -> MetricsServer {
    let registry = dependencies.metrics.registry
    ProcessMetrics.register(in: registry)
    QueueCollector(queue: dependencies.marketplace.queue, logger: dependencies.logger).register(in: registry)
    return MetricsServer(.tcp(host: host, port: port), logger: dependencies.logger) { await registry.exposition() }
}
