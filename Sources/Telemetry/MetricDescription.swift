/// What a metric of Sunset means: its line of help, its row in docs/metrics.md, and what tests hold the programs to.
public struct MetricDescription: Sendable {
    /// The programs that show a metric.
    public enum Program: String, Sendable, CaseIterable {
        /// `sunset-api`.
        case api
        /// `sunset-worker pool`, for itself and each of its workers.
        case pool
        /// `sunset-payments`.
        case payments
    }

    /// The name as it is shown; of a histogram without `_bucket`, `_sum` and `_count`.
    public let name: String
    /// What kind it is.
    public let kind: MetricKind
    /// The labels, in the order of the alphabet; a pool adds `process`.
    public let labels: [String]
    /// One sentence, with the unit where the name has none.
    public let help: String
    /// Who shows it.
    public let programs: [Program]

    init(_ name: String, _ kind: MetricKind, _ help: String, _ programs: [Program]) {
        self.init(name, kind, [], help, programs)
    }

    init(_ name: String, _ kind: MetricKind, _ labels: [String], _ help: String, _ programs: [Program]) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
        self.programs = programs
    }
}

extension MetricsRegistry {
    /// Gives every metric of Sunset its line of help.
    public func describeAll() {
        for metric in MetricDescription.all { describe(metric.name, metric.help) }
    }
}
