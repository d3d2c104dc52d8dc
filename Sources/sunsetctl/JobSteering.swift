import ArgumentParser
import JobQueue

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
    ///   - check: what must hold besides, before anything is asked or done.
    func run(
        _ operation: JobOperation, _ verb: String, isDestructive: Bool = false, job: String? = nil,
        check: (QueueInspector) async throws -> Void = { _ in }
    ) async throws {
        let steering = JobSteering(
            operation: operation, verb: verb, isDestructive: isDestructive, dryRun: dryRun, consent: consent,
            common: common)
        try await steering.run(job.map(selection.with) ?? selection, check: check)
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

    /// What the help says of `--state`: it is the one place where the work grows with the jobs.
    static let bulkHelp = """
        With --state it reads all jobs of that state, page by page, 100 at a time: the time grows with the jobs of the \
        state (O(n)), however few a filter lets through. Redis is held up for about a millisecond a page.
        """

    func run(_ selection: JobSelection, check: (QueueInspector) async throws -> Void) async throws {
        try await common.withQueue { inspector, _ in
            let choice = try selection.choice()
            try operation.validate()
            if let queue = selection.queue { try await common.requireQueue(queue, inspector) }
            try await check(inspector)
            switch choice {
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
            let result =
                dryRun ? foreseen(job.state) : try await inspector.perform(operation, on: job.id, queue: job.queue)
            outcomes.append(Outcome(id: id, queue: job.queue, result: result.reason))
        }
        if common.json {
            try common.printJSON(outcomes)
        } else {
            for outcome in outcomes { print("\(outcome.id)  \(outcome.text(verb, dryRun))") }
        }
        guard outcomes.allSatisfy(\.isDone) else { throw ExitCode(1) }
    }

    /// What a job's state alone says of the operation's result.
    private func foreseen(_ state: JobState) -> JobOperationResult {
        guard operation.isAllowed(in: state) else { return .wrongState(state) }
        return asksOnly(in: state) ? .requested : .done
    }

    /// Whether a job in this state is asked, and nothing is done to it.
    private func asksOnly(in state: JobState) -> Bool {
        if case .cancel = operation { state == .running } else { false }
    }

    private func bulk(
        _ queue: String, _ state: JobState, _ filter: JobFilter, _ inspector: QueueInspector
    ) async throws {
        guard operation.isAllowed(in: state) else {
            throw ValidationError("No job that is \(state.rawValue) can be \(verb).")
        }
        let verb = asksOnly(in: state) ? "asked to stop" : verb
        let count = try await inspector.queue(named: queue, minutes: 0).count(of: state)
        let all = "all \(Show.count(count, "\(state.rawValue) job")) of queue \(queue)"
        if isDestructive, !dryRun, !consent.isGiven {
            try consent.ask("Of \(all), which are read page by page, those that match will be \(verb). Go on?")
        } else {
            CommonOptions.complain("reads \(all), page by page")
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
            case "requested": dryRun ? "runs, and would be asked to stop" : "runs, and was asked to stop"
            case "not_found": "there is no such job"
            default: "left alone: \(result.replacing("_", with: " "))"
            }
        }
    }
}
