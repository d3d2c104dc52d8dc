import ArgumentParser
import JobQueue

struct WorkerList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "The worker processes of all hosts.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            let workers = try await inspector.workers().sorted { ($0.host, $0.name) < ($1.host, $1.name) }
            guard !common.json else { return try common.printJSON(workers) }
            var table = Table([
                "WORKER", "ID", "HOST", "PID", "QUEUES", "STATE", "RUNNING", "PLACES", "STARTED", "BEAT",
            ])
            for worker in workers {
                table.add([
                    worker.name, worker.id, worker.host, "\(worker.pid)", worker.queues.joined(separator: ","),
                    worker.isStale ? "silent" : worker.state, "\(worker.running.count)", "\(worker.concurrency)",
                    Show.time(worker.startedAt), Show.time(worker.beatAt),
                ])
            }
            table.write()
        }
    }
}

struct WorkerShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "One worker and what it runs.")
    @Argument(help: "The worker's id or name.", completion: Offered.worker) var worker: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            let record = try await find(worker, inspector)
            guard !common.json else { return try common.printJSON(record) }
            print("worker   \(record.name) (\(record.id))")
            print("host     \(record.host), process \(record.pid)")
            print("queues   \(record.queues.joined(separator: ", "))")
            print("state    \(record.isStale ? "silent since " + Show.time(record.beatAt) : record.state)")
            print("started  \(Show.time(record.startedAt))")
            for (name, value) in record.details.sorted(by: { $0.key < $1.key }) { print("\(name)  \(value)") }
            for job in record.running {
                print("runs     \(job.name) \(job.id) of \(job.queue) (\(Show.span(job.milliseconds)))")
            }
        }
    }
}

struct WorkerQuiet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quiet", abstract: "Lets a worker claim nothing more; what it runs goes on.")
    @Argument(help: "The worker's id or name.", completion: Offered.worker) var worker: String
    @OptionGroup var common: CommonOptions

    func run() async throws { try await tell(worker, .quiet, "claims nothing more", common) }
}

struct WorkerResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Lets a quiet worker claim again.")
    @Argument(help: "The worker's id or name.", completion: Offered.worker) var worker: String
    @OptionGroup var common: CommonOptions

    func run() async throws { try await tell(worker, .resume, "claims again", common) }
}

struct WorkerStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Lets a worker drain and end; a pool that wants it starts another.")
    @Argument(help: "The worker's id or name.", completion: Offered.worker) var worker: String
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try consent.ask("Stop worker \(worker)?")
        try await tell(worker, .stop, "drains and ends", common)
    }
}

private func find(_ text: String, _ inspector: QueueInspector) async throws -> WorkerRecord {
    let found = try await inspector.workers().filter { $0.id == text || $0.name == text }
    guard let first = found.first else { throw CommonOptions.refuse("there is no worker '\(text)'") }
    guard found.count == 1 else {
        throw CommonOptions.refuse(
            "\(found.count) workers are called '\(text)': " + found.map(\.id).joined(separator: ", "))
    }
    return first
}

private func tell(
    _ worker: String, _ command: QueueInspector.WorkerCommand, _ what: String, _ common: CommonOptions
) async throws {
    try await common.withQueue { inspector, _ in
        let record = try await find(worker, inspector)
        guard try await inspector.tell(worker: record.id, command) else {
            throw CommonOptions.refuse("worker \(record.name) is gone")
        }
        try common.report("worker \(record.name) \(what)", ["worker": record.id, "command": command.rawValue])
    }
}
