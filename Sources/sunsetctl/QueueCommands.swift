import ArgumentParser
import Assembly
import JobQueue

struct QueueList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "All queues at a glance.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            let queues = try await inspector.queues()
            guard !common.json else { return try common.printJSON(queues) }
            var table = Table([
                "QUEUE", "STATE", "WAITING", "RUNNING", "SCHEDULED", "PARKED", "DEAD", "OLDEST", "DONE/5MIN",
                "FAILED/5MIN",
            ])
            for queue in queues {
                table.add([
                    queue.name, queue.isPaused ? "paused" : "active", "\(queue.depth)", "\(queue.running)",
                    "\(queue.scheduled)", "\(queue.parked)", "\(queue.dead)", Show.span(queue.latencyMilliseconds),
                    "\(queue.minutes.reduce(0) { $0 + $1.completed })", "\(queue.minutes.reduce(0) { $0 + $1.failed })",
                ])
            }
            table.write()
        }
    }
}

struct QueueInspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "inspect", abstract: "One queue in depth.")
    @Argument(help: "The queue.", completion: Offered.queue) var queue: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await common.requireQueue(queue, inspector)
            let status = try await inspector.queue(named: queue, minutes: 15)
            let workers = try await inspector.workers().filter { $0.queues.contains(queue) }
            guard !common.json else { return try common.printJSON(Inspection(queue: status, workers: workers)) }
            write(status)
            write(workers)
        }
    }

    private func write(_ status: QueueStatus) {
        print("queue      \(status.name) (\(status.isPaused ? "paused" : "active"))")
        print(
            "waiting    \(status.waiting.reduce(0, +)) (high, normal, low: \(status.waiting.map(String.init).joined(separator: ", ")))"
        )
        print("suspect    \(status.suspect)")
        print("running    \(status.running)")
        print("scheduled  \(status.scheduled)")
        print("parked     \(status.parked)")
        print("dead       \(status.dead)")
        print("completed  \(status.completed) remembered")
        print("oldest     \(Show.span(status.latencyMilliseconds))")
        print("")
        var table = Table(["MINUTE", "ENQUEUED", "COMPLETED", "FAILED", "LAPSED", "DEAD", "MEAN RUN"])
        for minute in status.minutes {
            let mean = minute.completed == 0 ? nil : minute.runMicroseconds / Int64(minute.completed) / 1_000
            table.add([
                Show.time(minute.minute * 60_000), "\(minute.enqueued)", "\(minute.completed)", "\(minute.failed)",
                "\(minute.lapsed)", "\(minute.dead)", Show.span(mean),
            ])
        }
        table.write()
    }

    private func write(_ workers: [WorkerRecord]) {
        guard !workers.isEmpty else { return print("\nno worker serves this queue") }
        print("")
        var table = Table(["WORKER", "HOST", "PID", "STARTED", "RUNNING"])
        for worker in workers {
            let jobs = worker.running.map { "\($0.name) \($0.id) (\(Show.span($0.milliseconds)))" }
            table.add([
                worker.name, worker.host, "\(worker.pid)", Show.time(worker.startedAt),
                jobs.isEmpty ? "idle" : jobs.joined(separator: ", "),
            ])
        }
        table.write()
    }

    private struct Inspection: Encodable {
        let queue: QueueStatus
        let workers: [WorkerRecord]
    }
}
