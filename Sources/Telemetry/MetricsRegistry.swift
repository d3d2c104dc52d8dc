public import CoreMetrics
internal import Synchronization

/// The metrics of a process, filled through swift-metrics and shown in Prometheus's text format 0.0.4.
///
/// Names follow Prometheus's conventions whatever the caller's label is: counters end in `_total`, timers are histograms
/// in `_seconds`, recorders that aggregate are histograms, those that don't are gauges. A label that is used for two
/// kinds keeps its first; the second counts nothing and is logged by ``droppedSeries``.
public final class MetricsRegistry: MetricsFactory, Sendable {
    /// The most combinations of dimensions that one metric may have.
    ///
    /// Each costs memory here and in Prometheus for as long as it lives; a value from outside that becomes a dimension
    /// by mistake must not fill both.
    public static let maximumSeries = 2000

    private let state = Mutex(State())

    struct State {
        var families: [String: MetricFamily] = [:]
        var collectors: [@Sendable () async -> [MetricSample]] = []
        var dropped = 0
    }

    /// Creates an empty registry.
    public init() {}

    /// How many series were refused: another kind under the same name, or too many dimensions.
    public var droppedSeries: Int { state.withLock { $0.dropped } }

    /// Gives a metric its line of help, by its name as it is shown.
    public func describe(_ name: String, _ help: String) {
        state.withLock { $0.families[name, default: MetricFamily(kind: nil)].help = help }
    }

    /// Adds a source that is asked at each exposition, for values that lie elsewhere (a queue's depth, a disk's bytes).
    public func collect(_ collector: @Sendable @escaping () async -> [MetricSample]) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// Everything in Prometheus's text format, families and series sorted.
    public func exposition() async -> String {
        let collectors = state.withLock { $0.collectors }
        var samples: [MetricSample] = []
        for collector in collectors {
            samples += await collector()
        }
        let (families, dropped) = state.withLock { ($0.families, $0.dropped) }
        var writer = ExpositionWriter()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            family.write(name: name, to: &writer)
        }
        writer.write(samples: samples, help: families.compactMapValues(\.help))
        writer.write(
            samples: [MetricSample("metrics_dropped_series_total", .counter, Double(dropped))],
            help: ["metrics_dropped_series_total": "Series that were refused: another kind of metric, or too many."])
        return writer.text
    }

    /// A counter; its name gets `_total`.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(MetricName.counter(label), .counter, dimensions) { CounterSeries() } ?? CounterSeries()
    }

    /// A gauge where values are not aggregated, else a histogram.
    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else {
            return series(MetricName.plain(label), .gauge, dimensions) { GaugeSeries() } ?? GaugeSeries()
        }
        let name = MetricName.plain(label)
        return series(name, .histogram, dimensions) { HistogramSeries(bounds: HistogramSeries.sizes) }
            ?? HistogramSeries(bounds: HistogramSeries.sizes)
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(MetricName.plain(label), .gauge, dimensions) { GaugeSeries() } ?? GaugeSeries()
    }

    /// A histogram in seconds; its name gets `_seconds`.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(MetricName.timer(label), .histogram, dimensions) { HistogramSeries(bounds: HistogramSeries.seconds) }
            ?? HistogramSeries(bounds: HistogramSeries.seconds)
    }

    /// Series live as long as the process: a counter that vanished and came back would look like a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// See ``destroyCounter(_:)``.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// See ``destroyCounter(_:)``.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// See ``destroyCounter(_:)``.
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func series<Series: MetricSeries>(
        _ name: String, _ kind: MetricKind, _ dimensions: [(String, String)], _ make: () -> Series
    ) -> Series? {
        let labels = MetricLabels(dimensions)
        return state.withLock { state in
            var family = state.families[name, default: MetricFamily(kind: nil)]
            if family.kind == nil { family.kind = kind }
            if let known = family.series[labels] as? Series { return known }
            guard family.kind == kind, family.series.count < Self.maximumSeries else {
                state.dropped += 1
                return nil
            }
            let made = make()
            family.series[labels] = made
            state.families[name] = family
            return made
        }
    }
}
