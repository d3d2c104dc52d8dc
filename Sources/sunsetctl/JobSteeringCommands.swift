import ArgumentParser
import Foundation
import JobQueue

struct JobRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Puts dead jobs back on their queue now, with fresh budgets.")
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @OptionGroup var selection: JobSelection
    @Flag(help: "Only say what would be done.") var dryRun = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await JobSteering(operation: .retry, verb: "retried", isDestructive: false)
            .run(selection.with(job), dryRun: dryRun, consent: ConsentOptions(), common)
    }
}

struct JobRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Makes scheduled jobs claimable at once.")
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @OptionGroup var selection: JobSelection
    @Flag(help: "Only say what would be done.") var dryRun = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await JobSteering(operation: .runNow, verb: "made claimable", isDestructive: false)
            .run(selection.with(job), dryRun: dryRun, consent: ConsentOptions(), common)
    }
}

struct JobCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Ends jobs as cancelled; running ones are asked to stop, wherever they run.")
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @OptionGroup var selection: JobSelection
    @Option(help: "Why, kept with the job.") var reason: String?
    @Flag(help: "Only say what would be done.") var dryRun = false
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await JobSteering(operation: .cancel(reason: reason), verb: "cancelled", isDestructive: true)
            .run(selection.with(job), dryRun: dryRun, consent: consent, common)
    }
}

struct JobKill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Ends jobs at once; running ones lose their lease and their effects.")
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @OptionGroup var selection: JobSelection
    @Option(help: "Why, kept with the job.") var reason: String?
    @Flag(help: "Only say what would be done.") var dryRun = false
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await JobSteering(operation: .kill(reason: reason), verb: "killed", isDestructive: true)
            .run(selection.with(job), dryRun: dryRun, consent: consent, common)
    }
}

struct JobDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes jobs as if they had never been.")
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @OptionGroup var selection: JobSelection
    @Flag(help: "Only say what would be done.") var dryRun = false
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await JobSteering(operation: .delete, verb: "deleted", isDestructive: true)
            .run(selection.with(job), dryRun: dryRun, consent: consent, common)
    }
}

struct JobMove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Moves jobs that do not run to another queue, with their history.")
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @Option(help: "The queue that they go to.") var to: String
    @OptionGroup var selection: JobSelection
    @Flag(help: "Only say what would be done.") var dryRun = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await JobSteering(operation: .move(to: to), verb: "moved to \(to)", isDestructive: false)
            .run(selection.with(job), dryRun: dryRun, consent: ConsentOptions(), common)
    }
}

struct JobEdit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Gives a job that does not run another payload.",
        discussion: "The payload is JSON from --payload or standard input; its form is checked, not its type.")
    @Argument(help: "The job's id.") var job: String
    @Option(help: "Its queue; without it every queue is asked.") var queue: String?
    @Option(help: "The payload as JSON; without it standard input is read.") var payload: String?
    @OptionGroup var common: CommonOptions

    func run() async throws {
        var selection = try JobSelection.parse([])
        selection.id = job
        selection.queue = queue
        let text = payload ?? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
        try await JobSteering(operation: .edit(payload: text), verb: "edited", isDestructive: false)
            .run(selection, dryRun: false, consent: ConsentOptions(), common)
    }
}

extension JobSelection {
    /// The same, with the id that was given without an option's name.
    func with(_ job: String?) -> JobSelection {
        guard let job else { return self }
        var selection = self
        selection.id = id.map { $0 + "," + job } ?? job
        return selection
    }
}
