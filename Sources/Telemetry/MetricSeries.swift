internal import CoreMetrics
internal import Synchronization

/// One metric with its values by dimensions.
struct MetricFamily: Sendable {
    /// `nil` while it is only described.
    var kind: MetricKind?
    var help: String?
    var series: [MetricLabels: any MetricSeries] = [:]

    func write(name: String, to writer: inout ExpositionWriter) {
        guard let kind, !series.isEmpty else { return }
        writer.head(name, kind, help: help)
        for (labels, values) in series.sorted(by: { $0.key.text < $1.key.text }) {
            values.write(name: name, labels: labels.text, to: &writer)
        }
    }
}

protocol MetricSeries: AnyObject, Sendable {
    func write(name: String, labels: String, to writer: inout ExpositionWriter)
}

final class CounterSeries: CounterHandler, MetricSeries {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) { value.add(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }

    func write(name: String, labels: String, to writer: inout ExpositionWriter) {
        writer.line(name, labels, "\(value.load(ordering: .relaxed))")
    }
}

final class GaugeSeries: RecorderHandler, MeterHandler, MetricSeries {
    private let value = Mutex(0.0)

    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }

    func write(name: String, labels: String, to writer: inout ExpositionWriter) {
        writer.line(name, labels, ExpositionWriter.number(value.withLock { $0 }))
    }
}

final class HistogramSeries: TimerHandler, RecorderHandler, MetricSeries {
    /// From a Redis round trip to the longest job that people wait for.
    static let seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
    /// Counts and bytes.
    static let sizes: [Double] = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 1_048_576, 16_777_216, 1_073_741_824]

    private struct State {
        var buckets: [UInt64]
        var count: UInt64 = 0
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(buckets: [UInt64](repeating: 0, count: bounds.count)))
    }

    func recordNanoseconds(_ duration: Int64) { observe(Double(duration) / 1e9) }
    func record(_ value: Int64) { observe(Double(value)) }
    func record(_ value: Double) { observe(value) }

    private func observe(_ value: Double) {
        // Buckets are disjoint here and summed when written: one addition instead of one for each bound above.
        let index = bounds.firstIndex { value <= $0 }
        state.withLock { state in
            if let index { state.buckets[index] += 1 }
            state.count += 1
            state.sum += value
        }
    }

    func write(name: String, labels: String, to writer: inout ExpositionWriter) {
        let state = state.withLock { $0 }
        let prefix = labels.isEmpty ? "" : labels + ","
        var total: UInt64 = 0
        for (bound, count) in zip(bounds, state.buckets) {
            total += count
            writer.line(name + "_bucket", prefix + "le=\"\(ExpositionWriter.number(bound))\"", "\(total)")
        }
        writer.line(name + "_bucket", prefix + "le=\"+Inf\"", "\(state.count)")
        writer.line(name + "_sum", labels, ExpositionWriter.number(state.sum))
        writer.line(name + "_count", labels, "\(state.count)")
    }
}
