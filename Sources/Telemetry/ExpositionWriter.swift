/// Writes Prometheus's text format 0.0.4.
struct ExpositionWriter {
    private(set) var text = ""

    mutating func head(_ name: String, _ kind: MetricKind, help: String?) {
        if let help {
            let line = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
            text += "# HELP \(name) \(line)\n"
        }
        text += "# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func line(_ name: String, _ labels: String, _ value: String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    /// Samples of collectors, grouped by name as the format demands.
    mutating func write(samples: [MetricSample], help: [String: String]) {
        for (name, group) in Dictionary(grouping: samples, by: \.name).sorted(by: { $0.key < $1.key }) {
            head(name, group[0].kind, help: help[name])
            for sample in group {
                line(name, MetricLabels(sample.labels).text, Self.number(sample.value))
            }
        }
    }

    /// Whole numbers without a fraction, infinities and NaN in the format's own words.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }
}
