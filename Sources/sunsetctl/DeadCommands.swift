import ArgumentParser
import JobQueue

struct DeadList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "The dead jobs of all queues, or of one, the latest first.")
    @Option(help: "The queue; without it all.", completion: Offered.queue) var queue: String?
    @Option(help: "How many of each queue, 1 to 1000.") var limit = 20
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...1_000).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 1000.") }
    }

    func run() async throws {
        try await common.withQueue { inspector, _ in
            if let queue { try await common.requireQueue(queue, inspector) }
            let names = if let queue { [queue] } else { try await inspector.queues(minutes: 0).map(\.name) }
            var jobs: [JobRecord] = []
            for name in names {
                jobs += try await inspector.jobs(queue: name, state: .dead, limit: limit).jobs
            }
            guard !common.json else { return try common.printJSON(jobs) }
            var table = Table(["QUEUE", "ID", "TYPE", "FAILURES", "LAPSES", "DIED", "LAST ERROR"])
            for job in jobs {
                table.add([
                    job.queue, job.id.rawValue, job.name, "\(job.failures)", "\(job.lapses)", Show.time(job.stateAt),
                    job.troubles.last?.message ?? "–",
                ])
            }
            table.write()
        }
    }
}

private let bulkHelp = """
    It reads all dead jobs of the queue, page by page, 100 at a time: the time grows with them (O(n)), however few a \
    filter lets through. Redis is held up for about a millisecond a page.
    """

struct DeadRetryAll: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry-all", abstract: "Puts all dead jobs of a queue back, or those that match.",
        discussion: bulkHelp)
    @Argument(help: "The queue.", completion: Offered.queue) var name: String
    @OptionGroup var options: SteeringOptions

    func run() async throws { try await options.runOnDead(of: name, .retry, "retried") }
}

struct DeadPurge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge", abstract: "Deletes all dead jobs of a queue, or those that match.",
        discussion: bulkHelp)
    @Argument(help: "The queue.", completion: Offered.queue) var name: String
    @OptionGroup var options: SteeringOptions

    func run() async throws { try await options.runOnDead(of: name, .delete, "deleted", isDestructive: true) }
}
