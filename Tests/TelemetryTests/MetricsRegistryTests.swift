import Metrics
import Testing

@testable import Telemetry

@Suite("The metrics of a process")
struct MetricsRegistryTests {
    private func lines(_ registry: MetricsRegistry) async -> [String] {
        await registry.exposition().split(separator: "\n").map(String.init)
    }

    @Test("counters end in _total and are shared by equal dimensions in any order")
    func counters() async {
        let registry = MetricsRegistry()
        Counter(label: "jobs.done", dimensions: [("queue", "a"), ("type", "t")], factory: registry).increment(by: 2)
        Counter(label: "jobs.done", dimensions: [("type", "t"), ("queue", "a")], factory: registry).increment()
        registry.describe("jobs_done_total", "Jobs\nthat are done.")
        let lines = await lines(registry)
        #expect(lines.contains("# HELP jobs_done_total Jobs\\nthat are done."))
        #expect(lines.contains("# TYPE jobs_done_total counter"))
        #expect(lines.contains("jobs_done_total{queue=\"a\",type=\"t\"} 3"))
    }

    @Test("a timer is a cumulative histogram in seconds")
    func timers() async {
        let registry = MetricsRegistry()
        let timer = Timer(label: "run_duration", dimensions: [], factory: registry)
        timer.recordMilliseconds(3)
        timer.recordSeconds(400)
        let lines = await lines(registry)
        #expect(lines.contains("# TYPE run_duration_seconds histogram"))
        #expect(lines.contains("run_duration_seconds_bucket{le=\"0.0025\"} 0"))
        #expect(lines.contains("run_duration_seconds_bucket{le=\"0.005\"} 1"))
        #expect(lines.contains("run_duration_seconds_bucket{le=\"300\"} 1"))
        #expect(lines.contains("run_duration_seconds_bucket{le=\"+Inf\"} 2"))
        #expect(lines.contains("run_duration_seconds_sum 400.003"))
        #expect(lines.contains("run_duration_seconds_count 2"))
    }

    @Test("values of dimensions are escaped and names made plain")
    func escaping() async {
        let registry = MetricsRegistry()
        Gauge(label: "1 odd-name", dimensions: [("a b", "say \"x\\\n\"")], factory: registry).record(1.5)
        #expect(await lines(registry).contains("_1_odd_name{a_b=\"say \\\"x\\\\\\n\\\"\"} 1.5"))
    }

    @Test("another kind under a known name, and one series too many, are refused and counted")
    func refusals() async {
        let registry = MetricsRegistry()
        Counter(label: "x_total", dimensions: [], factory: registry).increment()
        Gauge(label: "x_total", dimensions: [], factory: registry).record(7)
        for index in 0...MetricsRegistry.maximumSeries {
            Counter(label: "many", dimensions: [("id", "\(index)")], factory: registry).increment()
        }
        #expect(registry.droppedSeries == 2)
        let lines = await lines(registry)
        #expect(lines.contains("x_total 1"))
        #expect(lines.filter { $0.hasPrefix("many_total{") }.count == MetricsRegistry.maximumSeries)
        #expect(lines.contains("metrics_dropped_series_total 2"))
    }

    @Test("collectors are asked at each exposition and their samples grouped by name")
    func collectors() async {
        let registry = MetricsRegistry()
        registry.collect { [MetricSample("depth", .gauge, 1, [("q", "a")]), MetricSample("age", .gauge, .infinity)] }
        registry.collect { [MetricSample("depth", .gauge, 2, [("q", "b")])] }
        let lines = await lines(registry)
        let depth = lines.filter { $0.contains("depth") }
        #expect(depth == ["# TYPE depth gauge", "depth{q=\"a\"} 1", "depth{q=\"b\"} 2"])
        #expect(lines.contains("age +Inf"))
    }

    @Test("a process says what it takes")
    func process() async throws {
        let stat = try #require(ProcessStat.current())
        #expect(stat.residentBytes > 1 << 20)
        #expect(stat.openFiles >= 3)
        #expect(stat.cpuSeconds >= 0)
        #expect(stat.startedAt > 1_700_000_000)
    }
}
