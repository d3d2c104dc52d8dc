import ArgumentParser
import Foundation
import JobQueue

struct JobEnqueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enqueue",
        abstract: "Puts a job on a queue, by the name of its type and its payload as JSON.",
        discussion: """
            The payload comes from --payload, from --file, or from standard input. Its form is checked, not its type: \
            a worker that can't read it dead-letters the job with the reason. Give --id to make a repetition harmless.
            """)
    @Argument(help: "The queue.", completion: Offered.queue) var queue: String
    @Argument(help: "The name of the type, as workers know it.") var type: String
    @Option(name: .customLong("version"), help: "The version of the payload.") var payloadVersion = 1
    @Option(help: "The payload as JSON.") var payload: String?
    @Option(help: "A file with the payload; - is standard input.") var file: String?
    @Option(help: "The job's id; made without it.") var id: String?
    @Option(help: "How long it waits first: 500ms, 30s, 10m, 2h, 1d.") var delay: Span?
    @Option(help: "Its level: high, normal, low.") var priority = JobPriority.normal
    @Option(help: "The timeline that its events go to.") var tag: String?
    @Option(help: "The batch that it joins; it must be running.") var batch: String?
    @Option(help: "At most one of this type and payload: pending, done, or for a time: 10m.") var unique: Lock?
    @Option(help: "The failure at which it is dead, 1 to 1000.") var failures = 10
    @Option(help: "The lapse at which it is dead, 1 to 1000.") var lapses = 3
    @Flag(help: "Let it make a queue that there is not yet.") var newQueue = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard payload == nil || file == nil else { throw ValidationError("Say --payload or --file, not both.") }
        for (name, value) in [("failures", failures), ("lapses", lapses)] where !(1...1_000).contains(value) {
            throw ValidationError("--\(name) is \(value); it must be 1 to 1000.")
        }
    }

    func run() async throws {
        try await common.withQueue { inspector, jobs in
            var options = JobOptions(priority: priority, maximumFailures: failures, maximumLapses: lapses)
            options.uniqueness = unique?.uniqueness
            var job = try PreparedJob(
                queue: queue, name: type, version: payloadVersion, payload: try text(),
                id: id.map { JobID($0) } ?? .generate(), options: options, delay: delay?.duration, tag: tag)
            if let batch { job = job.joining(batch: try await running(batch, jobs)) }
            if !newQueue { try await common.requireQueue(queue, inspector, hint: ". --new-queue makes it.") }
            try report(try await jobs.enqueue(job), job)
            guard try await inspector.workers().contains(where: { $0.serves(queue) }) else {
                return CommonOptions.complain("the job waits: no worker serves '\(queue)'")
            }
        }
    }

    private func text() throws -> String {
        if let payload { return payload }
        let data =
            if let file, file != "-" {
                try Self.read(file)
            } else {
                FileHandle.standardInput.readDataToEndOfFile()
            }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ValidationError("The payload is no UTF-8.")
        }
        return text
    }

    private static func read(_ file: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(filePath: file))
        } catch {
            throw ValidationError("'\(file)' can't be read: \(error.localizedDescription)")
        }
    }

    private func running(_ id: String, _ jobs: JobQueue) async throws -> BatchID {
        guard (1...128).contains(id.utf8.count), let batch = try await jobs.batch(id: BatchID(id)) else {
            throw CommonOptions.refuse("there is no batch '\(id)'")
        }
        guard batch.finishedAt == nil else {
            throw CommonOptions.refuse("batch '\(id)' ended at \(Show.time(batch.finishedAt)); no job can join it")
        }
        return batch.id
    }

    private func report(_ result: EnqueueResult, _ job: PreparedJob) throws {
        var values = ["id": job.id.rawValue, "queue": job.queue]
        switch result {
        case .enqueued:
            values["result"] = "enqueued"
            try common.report("job \(job.id) is on queue \(job.queue)", values)
        case .duplicate:
            values["result"] = "duplicate"
            try common.report("nothing changed: job \(job.id) lives, or ended a short while ago", values)
            throw ExitCode(1)
        case .unique(let holder):
            values["result"] = "unique"
            values["holder"] = holder.rawValue
            try common.report("nothing changed: job \(holder) holds the lock of this type and payload", values)
            throw ExitCode(1)
        }
    }
}
