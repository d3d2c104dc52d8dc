/// The kinds of metrics that Prometheus's text format knows and this module writes.
public enum MetricKind: String, Sendable {
    /// Only grows while the process lives.
    case counter
    /// Goes up and down.
    case gauge
    /// Counts by upper bounds.
    case histogram
}

/// One value of a collector.
public struct MetricSample: Sendable {
    /// The name as it is shown.
    public var name: String
    /// Counter or gauge.
    public var kind: MetricKind
    /// What the value is of.
    public var labels: [(String, String)]
    /// The value.
    public var value: Double

    /// Creates a sample.
    public init(_ name: String, _ kind: MetricKind, _ value: Double, _ labels: [(String, String)] = []) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.value = value
    }
}

/// Dimensions in one order, so that the same ones are the same series.
struct MetricLabels: Hashable, Sendable {
    let text: String

    init(_ dimensions: [(String, String)]) {
        text = dimensions.sorted { $0.0 < $1.0 }
            .map { "\(MetricName.plain($0.0))=\"\(Self.escaped($0.1))\"" }
            .joined(separator: ",")
    }

    /// Backslash, quote and line feed, as the text format demands.
    static func escaped(_ value: String) -> String {
        var result = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

/// Names by Prometheus's conventions.
enum MetricName {
    static func plain(_ label: String) -> String {
        let name = String(
            label.unicodeScalars.map { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_", ":": Character(scalar)
                default: "_"
                }
            })
        guard let first = name.first, !first.isNumber else { return "_" + name }
        return name
    }

    static func counter(_ label: String) -> String { suffixed(plain(label), "_total") }
    static func timer(_ label: String) -> String { suffixed(plain(label), "_seconds") }

    private static func suffixed(_ name: String, _ suffix: String) -> String {
        name.hasSuffix(suffix) ? name : name + suffix
    }
}
