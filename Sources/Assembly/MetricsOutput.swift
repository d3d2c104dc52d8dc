internal import Metrics
public import Telemetry

/// Sets up the process's metrics: everything that counts through swift-metrics fills one registry.
public enum MetricsOutput {
    /// Starts counting; call once, before anything counts.
    public static func start() -> MetricsRegistry {
        let registry = MetricsRegistry()
        MetricsSystem.bootstrap(registry)
        return registry
    }
}
