import Foundation
public import Telemetry

/// Holds what `/metrics` shows to the list of metrics and to Prometheus's conventions.
public enum MetricAudit {
    /// Everything that is wrong with a text in Prometheus's format; empty when nothing is.
    ///
    /// - Parameter program: who showed it; a pool's lines carry `process` besides their own labels.
    public static func problems(in text: String, of program: MetricDescription.Program) throws -> [String] {
        let known = Dictionary(uniqueKeysWithValues: MetricDescription.all.map { ($0.name, $0) })
        var problems: [String] = []
        var kinds: [String: String] = [:]
        var helped: Set<String> = []
        for line in text.split(separator: "\n").map(String.init) {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# TYPE ") { kinds[words[2]] = words[3] }
            if line.hasPrefix("# HELP ") { helped.insert(words[2]) }
            guard !line.hasPrefix("#") else { continue }
            let name = String(line.prefix { $0 != "{" && $0 != " " })
            let family = kinds[name] == nil ? stem(name) : name
            guard let metric = known[family], let kind = kinds[family] else {
                problems.append("\(family) is not in MetricDescription.all, or has no type")
                continue
            }
            if kind != metric.kind.rawValue { problems.append("\(family) is a \(kind), not a \(metric.kind)") }
            if !metric.programs.contains(program) { problems.append("\(family) is not said to be \(program)'s") }
            var labels = labels(line)
            labels["le"] = nil
            if program == .pool { labels["process"] = nil }
            if labels.keys.sorted() != metric.labels.sorted() {
                problems.append("\(family) has the labels \(labels.keys.sorted()), not \(metric.labels)")
            }
            for (label, value) in labels where isUnbounded(value, label) {
                problems.append("\(family) has \(label)=\"\(value)\", which looks like an id or a path")
            }
        }
        for family in kinds.keys where !helped.contains(family) { problems.append("\(family) has no help") }
        return Set(problems).sorted() + (try promtool(text))
    }

    /// What a name or its kind has against Prometheus's conventions (prometheus.io/docs/practices/naming).
    public static func problems(of metric: MetricDescription) -> [String] {
        var problems: [String] = []
        let name = metric.name
        let parts = name.split(separator: "_").map(String.init)
        if name.range(of: "^[a-z][a-z0-9_]*$", options: .regularExpression) == nil { problems.append("not snake_case") }
        if (metric.kind == .counter) != name.hasSuffix("_total") {
            problems.append("_total is for counters, and theirs")
        }
        for unit in ["ms", "milliseconds", "us", "minutes", "hours", "kb", "kib", "mb", "mib", "percent", "cents", "s"]
        where parts.contains(unit) {
            problems.append("\(unit) is no base unit")
        }
        for word in ["counter", "gauge", "histogram", "count", "sum", "bucket"] where parts.contains(word) {
            problems.append("\(word) says the kind, not the thing")
        }
        if let unit = parts.firstIndex(where: { ["seconds", "bytes"].contains($0) }) {
            let isLast = unit == parts.count - 1 || parts[(unit + 1)...] == ["total"]
            if !isLast { problems.append("the unit stands last") }
        }
        if metric.help.isEmpty || !metric.help.hasSuffix(".") { problems.append("no sentence of help") }
        if metric.labels != metric.labels.sorted() { problems.append("labels are not sorted") }
        if metric.programs.isEmpty { problems.append("nobody shows it") }
        let badLabels: Set = ["le", "quantile", "process", "job", "instance", "id", "path"]
        for label in metric.labels where badLabels.contains(label) {
            problems.append("the label \(label) is taken or unbounded")
        }
        return problems.map { "\(name): \($0)" }
    }

    /// The value of a line by its name and labels as they stand in the text; `nil` if there is none.
    public static func value(_ series: String, in text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .flatMap { Double($0.dropFirst(series.utf8.count + 1)) }
    }

    private static func stem(_ name: String) -> String {
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            return String(name.dropLast(suffix.count))
        }
        return name
    }

    private static func labels(_ line: String) -> [String: String] {
        var labels: [String: String] = [:]
        for match in line.matches(of: /([a-z_]+)="((?:[^"\\]|\\.)*)"/) { labels[String(match.1)] = String(match.2) }
        return labels
    }

    /// An identifier of the marketplace or of a job, or a long or deep text; routes are templates.
    private static func isUnbounded(_ value: String, _ label: String) -> Bool {
        let hasID = value.contains(/\b(prd|ord|pay|upl|usr|ent|grt|crt|wrk|oit)_[0-9a-z]{8,}/)
        guard !hasID, value.utf8.count <= 80 else { return true }
        return label != "route" && value.contains("/")
    }

    /// What `promtool check metrics` says; nothing where there is no promtool (scripts/setup test brings it).
    private static func promtool(_ text: String) throws -> [String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let tool = path.split(separator: ":").map { "\($0)/promtool" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let tool else { return [] }
        let directory = try TemporaryDirectory()
        try text.write(toFile: directory.file("metrics"), atomically: true, encoding: .utf8)
        let child = try ChildProcess(
            "/bin/sh", ["-c", "'\(tool)' check metrics < '\(directory.file("metrics"))'"],
            output: directory.file("output"))
        let status = child.wait()
        let output = try String(contentsOfFile: directory.file("output"), encoding: .utf8)
        return status == 0 ? [] : output.split(separator: "\n").map { "promtool: \($0)" }
    }
}
