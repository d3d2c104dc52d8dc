import Logging
import Marketplace
public import Telemetry

/// Builds the server of `/metrics` for Prometheus, to be bound to an address that the public can't reach.
///
/// It shows the process, its requests and transfers, and the installation's queues, money and store.
public func buildMetricsServer(dependencies: APIDependencies, host: String, port: Int) -> MetricsServer {
    let registry = buildMetricsRegistry(dependencies: dependencies)
    return MetricsServer(.tcp(host: host, port: port), logger: dependencies.logger) { await registry.exposition() }
}

/// Adds to the registry of the requests what is read at each scrape; once in a process.
package func buildMetricsRegistry(dependencies: APIDependencies) -> MetricsRegistry {
    let registry = dependencies.metrics.registry
    registry.describeAll()
    ProcessMetrics.register(in: registry)
    QueueCollector(queue: dependencies.marketplace.queue, logger: dependencies.logger).register(in: registry)
    InstallationCollector(marketplace: dependencies.marketplace, logger: dependencies.logger).register(in: registry)
    return registry
}
