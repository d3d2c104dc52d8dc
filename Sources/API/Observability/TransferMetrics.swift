import HTTPTypes
import Metrics
import Telemetry

/// Counts files on their way in and out.
struct TransferMetrics: Sendable {
    private let registry: MetricsRegistry
    let uploadsStarted: Counter
    let uploadsCompleted: Counter
    let uploadBytes: Counter
    let downloadsStarted: Counter
    let downloadsCompleted: Counter
    let downloadBytes: Counter

    init(registry: MetricsRegistry) {
        self.registry = registry
        func counter(_ name: String) -> Counter {
            Counter(label: "sunset_\(name)_total", dimensions: [], factory: registry)
        }
        uploadsStarted = counter("uploads_started")
        uploadsCompleted = counter("uploads_completed")
        uploadBytes = counter("upload_bytes")
        downloadsStarted = counter("downloads_started")
        downloadsCompleted = counter("downloads_completed")
        downloadBytes = counter("download_bytes")
    }

    /// Runs a step of an upload, and counts it if it is refused.
    func upload<Value>(_ step: () async throws -> Value) async throws -> Value {
        try await counting("uploads", step)
    }

    /// Runs a step of a download, and counts it if it is refused.
    func download<Value>(_ step: () async throws -> Value) async throws -> Value {
        try await counting("downloads", step)
    }

    private func counting<Value>(_ what: String, _ step: () async throws -> Value) async throws -> Value {
        do {
            return try await step()
        } catch {
            if let reason = Self.reason(error) {
                Counter(label: "sunset_\(what)_refused_total", dimensions: [("reason", reason)], factory: registry)
                    .increment()
            }
            throw error
        }
    }

    /// The code of a refusal, of which there are as many as the program has; `nil` for a fault of the installation.
    private static func reason(_ error: any Error) -> String? {
        guard let problem = Problem(error), problem.status.code < 500 else { return nil }
        return problem.errors.first?.code ?? problem.code
    }
}
