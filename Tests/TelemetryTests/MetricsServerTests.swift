import Foundation
import Logging
import Metrics
import ServiceLifecycle
import Telemetry
import Testing

@Suite("The server of metrics")
struct MetricsServerTests {
    private func withServer(_ text: String, _ body: (String) async throws -> Void) async throws {
        let path = "/tmp/sunset-metrics-\(UUID().uuidString.prefix(8)).sock"
        let (bound, continuation) = AsyncStream<Void>.makeStream()
        let server = MetricsServer(
            .unix(path: path), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            onBound: { _ in continuation.finish() }, text: { text })
        let group = ServiceGroup(
            services: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await _ in bound {}
            try await body(path)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("what is served is what is read, however often")
    func reads() async throws {
        let text = String(repeating: "a_total 1\n", count: 50_000)
        try await withServer(text) { path in
            for _ in 0..<3 {
                let read = try await MetricsClient.read(socket: path)
                #expect(read == text)
            }
        }
    }

    @Test("a process that is not there is an error and no empty answer")
    func missing() async throws {
        await #expect(throws: (any Error).self) {
            _ = try await MetricsClient.read(socket: "/tmp/sunset-none.sock")
        }
    }

    @Test("several processes become one text whose families stay together")
    func merges() async {
        let registry = MetricsRegistry()
        Counter(label: "a", dimensions: [("q", "x")], factory: registry).increment()
        Metrics.Timer(label: "b", dimensions: [], factory: registry).recordSeconds(1)
        var merger = ExpositionMerger()
        merger.add(await registry.exposition(), process: "one")
        merger.add(await registry.exposition(), process: "two")
        let lines = merger.text.split(separator: "\n").map(String.init)
        #expect(lines.filter { $0 == "# TYPE a_total counter" }.count == 1)
        #expect(lines[1...2] == ["a_total{process=\"one\",q=\"x\"} 1", "a_total{process=\"two\",q=\"x\"} 1"])
        #expect(lines.filter { $0.hasPrefix("# TYPE b_seconds") }.count == 1)
        #expect(lines.contains("b_seconds_count{process=\"two\"} 1"))
        let first = lines.firstIndex { $0.hasPrefix("b_seconds_") }
        let last = lines.lastIndex { $0.hasPrefix("b_seconds_") }
        if let first, let last { #expect(lines[first...last].allSatisfy { $0.hasPrefix("b_seconds_") }) }
        #expect(first != nil)
    }
}
