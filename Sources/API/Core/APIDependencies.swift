public import Logging
public import Marketplace
public import Telemetry

/// The parts that the API stands on; they are shared and outlive it.
public struct APIDependencies: Sendable {
    /// Accounts, catalog, orders: everything behind the routes.
    public var marketplace: Marketplace
    /// Order changes; the process must run it as a service.
    public var events: OrderEventHub
    /// Counters of requests; `/metrics` shows them.
    public var metrics: RequestMetrics
    /// The parent of the requests' loggers.
    public var logger: Logger

    /// Bundles the parts.
    public init(
        marketplace: Marketplace,
        events: OrderEventHub,
        metrics: RequestMetrics = RequestMetrics(),
        logger: Logger
    ) {
        self.marketplace = marketplace
        self.events = events
        self.metrics = metrics
        self.logger = logger
    }
}
