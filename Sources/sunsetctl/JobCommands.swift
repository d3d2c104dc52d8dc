public import ArgumentParser
import Assembly
public import JobQueue

extension JobState: ExpressibleByArgument {}

struct JobList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "The jobs of a queue in one state, a page at a time.",
        discussion: "A filter looks at up to 2000 jobs for a page: it can be short, or empty, and still go on.")
    @Argument(help: "The queue.", completion: Offered.queue) var queue: String
    @Option(help: "The state: \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).") var state = JobState
        .waiting
    @Option(help: "Where the page begins, as the page before said.") var cursor: String?
    @Option(help: "How many jobs, 1 to 1000.") var limit = 50
    @OptionGroup var filter: FilterOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...1_000).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 1000.") }
    }

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await common.requireQueue(queue, inspector)
            let page = try await inspector.jobs(
                queue: queue, state: state, matching: try filter.filter(for: state), cursor: cursor, limit: limit)
            guard !common.json else { return try common.printJSON(page) }
            let runs = state == .running
            var table = Table([
                "ID", "TYPE", "PRIORITY", "FAILURES", "LAPSES", "CREATED", "STATE SINCE/UNTIL",
                runs ? "WORKER" : "LAST ERROR",
            ])
            for job in page.jobs {
                table.add([
                    job.id.rawValue, job.name, "\(job.priority)", "\(job.failures)/\(job.maximumFailures)",
                    "\(job.lapses)", Show.time(job.createdAt), Show.time(job.stateAt),
                    (runs ? job.worker : job.troubles.last?.message) ?? "–",
                ])
            }
            table.write()
            if let next = page.nextCursor { print("more: --cursor \(next)") }
        }
    }
}

struct JobShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One job: payload, attempts, errors.")
    @Argument(help: "The job's id.") var id: String
    @Option(help: "Its queue; without it every queue is asked.", completion: Offered.queue) var queue: String?
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            if let queue { try await common.requireQueue(queue, inspector) }
            let job = try await find(id, queue: queue, in: inspector)
            guard !common.json else { return try common.printJSON(job) }
            print("job       \(job.id)")
            print("type      \(job.name) (version \(job.version))")
            print("queue     \(job.queue)")
            print("state     \(job.state.rawValue) (\(Show.time(job.stateAt)))")
            print("created   \(Show.time(job.createdAt))")
            print("failures  \(job.failures) of \(job.maximumFailures)")
            print("lapses    \(job.lapses)")
            if let worker = job.worker { print("worker    \(worker), since \(Show.time(job.startedAt))") }
            if let progress = job.progress {
                let share = progress.fraction.map { "\(Int($0 * 100)) % " } ?? ""
                print("progress  \(share)\(Show.line(progress.message)) (\(Show.time(progress.at)))")
            }
            if let tag = job.tag { print("tag       \(tag)") }
            if let batch = job.batch { print("batch     \(batch)") }
            if let trace = job.traceID { print("trace     \(trace)") }
            if let result = job.result { print("result    \(Show.line(result, most: .max))") }
            if let payload = job.payload { print("payload   \(Show.line(payload, most: .max))") }
            for trouble in job.troubles {
                let message = Show.line(trouble.message, most: .max)
                print("\(Show.time(trouble.at))  \(trouble.isLapse ? "lapsed" : "failed")  \(message)")
            }
        }
    }
}

private func find(_ id: String, queue: String?, in inspector: QueueInspector) async throws -> JobRecord {
    guard let job = try await inspector.job(id: JobID(id), queue: queue) else {
        throw CommonOptions.refuse("there is no job '\(id)'" + (queue.map { " on queue '\($0)'" } ?? ""))
    }
    return job
}
