import ArgumentParser
import JobQueue

/// Which jobs a command is about: some by id, or all of a state that a filter lets through.
struct JobSelection: ParsableArguments {
    @Option(help: "The ids, separated by commas.") var id: String?
    @Option(help: "The queue; needed with --state, else every queue is asked.", completion: Offered.queue) var queue:
        String?
    @Option(help: "All jobs in this state: \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).")
    var state: JobState?
    @OptionGroup var filter: FilterOptions

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
        return .bulk(queue: queue, state, try filter.filter(for: state))
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
