public import Logging
public import ServiceLifecycle

/// Claims jobs of its queues, runs their handlers and acknowledges them; drains on graceful shutdown.
public final class JobWorker: Service {
    /// Creates a worker.
    public init(
        queue: JobQueue, handlers: JobHandlers, configuration: JobWorkerConfiguration, logger: Logger
    ) {
    }

    /// Works until graceful shutdown or cancellation, then drains.
    ///
    /// - Throws: `JobQueueError` with `.invalidConfiguration` or `.schemaMismatch`. A Redis that can't be reached is
    ///   waited for.
    public func run() async throws {
    }
}
