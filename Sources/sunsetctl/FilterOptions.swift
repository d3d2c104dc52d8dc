public import ArgumentParser
import Foundation
public import JobQueue

extension JobPriority: ExpressibleByArgument {
    /// Reads high, normal or low.
    public init?(argument: String) {
        switch argument {
        case "high": self = .high
        case "normal": self = .normal
        case "low": self = .low
        default: return nil
        }
    }
}

/// Which jobs of a state are meant.
struct FilterOptions: ParsableArguments {
    @Option(help: "Only jobs of this type.") var type: String?
    @Option(help: "Only jobs with at least so many failures.") var failures: Int?
    @Option(help: "Only jobs one of whose latest errors contains this.") var error: String?
    @Option(help: "Only jobs with this tag.") var tag: String?
    @Option(help: "Only members of this batch.") var batch: String?
    @Option(help: "Only jobs of this level: high, normal, low.") var priority: JobPriority?
    @Option(help: "Only jobs enqueued before (RFC 3339).") var before: String?
    @Option(help: "Only jobs enqueued after (RFC 3339).") var after: String?

    /// - Throws: `ValidationError` for a value that is not allowed, and for a filter where none lets any job through.
    func filter(for state: JobState) throws -> JobFilter {
        let filter = JobFilter(
            name: type, minimumFailures: failures, errorContains: error, enqueuedAfter: try Self.time(after, "--after"),
            enqueuedBefore: try Self.time(before, "--before"), tag: tag, priority: priority, batch: batch)
        if state == .completed, filter != JobFilter() {
            throw ValidationError(
                "Of completed jobs only times and results are remembered; no filter lets any of them through.")
        }
        return filter
    }

    private static func time(_ text: String?, _ option: String) throws -> Int64? {
        guard let text else { return nil }
        guard let date = try? Date(text, strategy: .iso8601) else {
            throw ValidationError("\(option) is '\(text)'; it must be a time as in RFC 3339: 2026-01-31T12:00:00Z.")
        }
        return Int64(date.timeIntervalSince1970 * 1000)
    }
}
