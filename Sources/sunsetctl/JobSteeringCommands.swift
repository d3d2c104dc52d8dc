import ArgumentParser
import Foundation
import JobQueue

struct JobRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Puts dead jobs back on their queue now, with fresh budgets.",
        discussion: JobSteering.bulkHelp)
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @OptionGroup var options: SteeringOptions

    func run() async throws { try await options.run(.retry, "retried", job: job) }
}

struct JobRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Makes scheduled jobs claimable at once.",
        discussion: JobSteering.bulkHelp)
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @OptionGroup var options: SteeringOptions

    func run() async throws { try await options.run(.runNow, "made claimable", job: job) }
}

struct JobCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Ends jobs as cancelled; running ones are asked to stop, wherever they run.",
        discussion: JobSteering.bulkHelp)
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @Option(help: "Why, kept with the job.") var reason: String?
    @OptionGroup var options: SteeringOptions

    func run() async throws {
        try await options.run(.cancel(reason: reason), "cancelled", isDestructive: true, job: job)
    }
}

struct JobKill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill", abstract: "Ends jobs at once; running ones lose their lease and their effects.",
        discussion: JobSteering.bulkHelp)
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @Option(help: "Why, kept with the job.") var reason: String?
    @OptionGroup var options: SteeringOptions

    func run() async throws { try await options.run(.kill(reason: reason), "killed", isDestructive: true, job: job) }
}

struct JobDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes jobs as if they had never been.",
        discussion: JobSteering.bulkHelp)
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @OptionGroup var options: SteeringOptions

    func run() async throws { try await options.run(.delete, "deleted", isDestructive: true, job: job) }
}

struct JobMove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Moves jobs that do not run to another queue, with their history.",
        discussion: JobSteering.bulkHelp)
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @Option(help: "The queue that they go to.", completion: Offered.queue) var to: String
    @Flag(help: "Let it make a queue that there is not yet.") var newQueue = false
    @OptionGroup var options: SteeringOptions

    func run() async throws {
        try await options.run(.move(to: to), "moved to \(to)", job: job) { inspector in
            if !newQueue { try await options.common.requireQueue(to, inspector, hint: ". --new-queue makes it.") }
        }
    }
}

struct JobEdit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit", abstract: "Gives jobs that do not run another payload.",
        discussion: """
            The payload is JSON from --payload or standard input; its form is checked, not its type. With --state it \
            asks first: all that match get the same payload. \(JobSteering.bulkHelp)
            """)
    @Argument(help: "The job's id; or select by --state.") var job: String?
    @Option(help: "The payload as JSON; without it standard input is read.") var payload: String?
    @OptionGroup var options: SteeringOptions

    func run() async throws {
        // Nobody types a payload to learn then that the selection is wrong.
        var isBulk = false
        try await options.common.complaining {
            // In bulk every job loses the payload that was its own.
            if case .bulk = try (job.map(options.selection.with) ?? options.selection).choice() { isBulk = true }
        }
        let text = payload ?? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
        try await options.run(.edit(payload: text), "edited", isDestructive: isBulk, job: job)
    }
}
