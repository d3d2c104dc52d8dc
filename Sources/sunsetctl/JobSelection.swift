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

/// Which jobs a command is about: some by id, or all of a state that a filter lets through.
struct JobSelection: ParsableArguments {
    @Option(help: "The ids, separated by commas.") var id: String?
    @Option(help: "The queue; needed with --state, else every queue is asked.", completion: Offered.queue) var queue:
        String?
    @Option(help: "All jobs in this state: \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).")
    var state: JobState?
    @Option(help: "Only jobs of this type.") var type: String?
    @Option(help: "Only jobs with at least so many failures.") var failures: Int?
    @Option(help: "Only jobs whose last error contains this.") var error: String?
    @Option(help: "Only jobs with this tag.") var tag: String?
    @Option(help: "Only jobs of this level: high, normal, low.") var priority: JobPriority?
    @Option(help: "Only jobs enqueued before (RFC 3339).") var before: String?
    @Option(help: "Only jobs enqueued after (RFC 3339).") var after: String?

    /// What was selected.
    enum Choice {
        case ids([String])
        case bulk(queue: String, JobState, JobFilter)
    }

    /// - Throws: `ValidationError` if it is not clear which jobs are meant.
    func choice() throws -> Choice {
        if let id {
            guard state == nil else { throw ValidationError("Say --id or --state, not both.") }
            return .ids(id.split(separator: ",").map(String.init))
        }
        guard let state, let queue else {
            throw ValidationError("Say which jobs: --id ID,… or --queue QUEUE --state STATE and filters.")
        }
        return .bulk(queue: queue, state, try filter())
    }

    private func filter() throws -> JobFilter {
        JobFilter(
            name: type, minimumFailures: failures, errorContains: error, enqueuedAfter: try Self.time(after, "--after"),
            enqueuedBefore: try Self.time(before, "--before"), tag: tag, priority: priority)
    }

    private static func time(_ text: String?, _ option: String) throws -> Int64? {
        guard let text else { return nil }
        guard let date = try? Date(text, strategy: .iso8601) else {
            throw ValidationError("\(option) is '\(text)'; it must be a time as in RFC 3339: 2026-01-31T12:00:00Z.")
        }
        return Int64(date.timeIntervalSince1970 * 1000)
    }
}

/// What every command takes that does something to jobs, and how it does it.
struct SteeringOptions: ParsableArguments {
    @OptionGroup var selection: JobSelection
    @Flag(help: "Only say what would be done.") var dryRun = false
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    /// Does the operation to a job, or to what was selected.
    ///
    /// - Parameters:
    ///   - job: an id that was given without an option's name.
    ///   - verb: what is done, for people: "retried".
    ///   - isDestructive: whether jobs are lost by it, so that it asks.
    func run(
        _ operation: JobOperation, _ verb: String, isDestructive: Bool = false, job: String? = nil
    ) async throws {
        try await JobSteering(
            operation: operation, verb: verb, isDestructive: isDestructive, dryRun: dryRun, consent: consent,
            common: common
        ).run(job.map(selection.with) ?? selection)
    }

    /// Does the operation to those of a queue's dead jobs that were selected.
    func runOnDead(
        of queue: String, _ operation: JobOperation, _ verb: String, isDestructive: Bool = false
    ) async throws {
        var options = self
        options.selection.queue = queue
        options.selection.state = .dead
        try await options.run(operation, verb, isDestructive: isDestructive)
    }
}

/// Does one operation to what was selected, one by one or in bulk.
struct JobSteering {
    let operation: JobOperation
    let verb: String
    let isDestructive: Bool
    let dryRun: Bool
    let consent: ConsentOptions
    let common: CommonOptions

    func run(_ selection: JobSelection) async throws {
        try await common.withQueue { inspector, _ in
            switch try selection.choice() {
            case .ids(let ids): try await one(ids, selection, inspector)
            case .bulk(let queue, let state, let filter): try await bulk(queue, state, filter, inspector)
            }
        }
    }

    private func one(
        _ ids: [String], _ selection: JobSelection, _ inspector: QueueInspector
    ) async throws {
        if isDestructive, !dryRun { try consent.ask("\(ids.count) job(s) will be \(verb). Go on?") }
        var outcomes: [Outcome] = []
        for id in ids {
            guard let job = try await inspector.job(id: JobID(id), queue: selection.queue) else {
                outcomes.append(Outcome(id: id, queue: selection.queue, result: "not_found"))
                continue
            }
            let result: JobOperationResult =
                dryRun
                ? (operation.isAllowed(in: job.state) ? .done : .wrongState(job.state))
                : try await inspector.perform(operation, on: job.id, queue: job.queue)
            outcomes.append(Outcome(id: id, queue: job.queue, result: result.reason))
        }
        if common.json {
            try common.printJSON(outcomes)
        } else {
            for outcome in outcomes { print("\(outcome.id)  \(outcome.text(verb, dryRun))") }
        }
        guard outcomes.allSatisfy(\.isDone) else { throw ExitCode(1) }
    }

    private func bulk(
        _ queue: String, _ state: JobState, _ filter: JobFilter, _ inspector: QueueInspector
    ) async throws {
        if isDestructive, !dryRun {
            try consent.ask("All \(state.rawValue) jobs of queue \(queue) that match will be \(verb). Go on?")
        }
        let bar = ProgressBar(isShown: !common.json)
        let report = try await inspector.apply(operation, to: filter, queue: queue, state: state, dryRun: dryRun) {
            bar.show(done: $0.scanned, of: $0.total, "\($0.matched) match")
        }
        bar.end()
        guard !common.json else { return try common.printJSON(report) }
        if dryRun {
            print("\(report.matched) of \(report.scanned) jobs would be \(verb); nothing was changed")
        } else {
            print("\(report.changed) of \(report.matched) jobs \(verb)")
            for (reason, count) in report.skipped.sorted(by: { $0.key < $1.key }) { print("  \(count) \(reason)") }
        }
    }

    private struct Outcome: Encodable {
        let id: String
        let queue: String?
        let result: String

        var isDone: Bool { result == "done" || result == "requested" }

        func text(_ verb: String, _ dryRun: Bool) -> String {
            switch result {
            case "done": dryRun ? "would be \(verb)" : verb
            case "requested": "runs, and was asked to stop"
            case "not_found": "there is no such job"
            default: "left alone: \(result.replacing("_", with: " "))"
            }
        }
    }
}

extension JobSelection {
    /// The same, with an id that was given without an option's name.
    func with(_ job: String) -> JobSelection {
        var selection = self
        selection.id = id.map { $0 + "," + job } ?? job
        return selection
    }
}
