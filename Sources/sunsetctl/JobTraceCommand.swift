import ArgumentParser
import JobQueue

struct JobTraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "The timeline of one job: where it came from, its attempts, what followed, and all of its tag.",
        discussion: """
            The events of a tag are kept for 30 days, about 500 of them. A job without a tag tells what it keeps itself.
            A job that completed is remembered without its tag: give --tag.
            """)
    @Argument(help: "The job's id.") var id: String
    @Option(help: "Its queue; without it every queue is asked.", completion: Offered.queue) var queue: String?
    @Option(help: "Its tag, for a job that completed.") var tag: String?
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            if let queue { try await common.requireQueue(queue, inspector) }
            guard let trace = try await inspector.trace(id: JobID(id), queue: queue, tag: tag) else {
                throw CommonOptions.refuse(
                    "there is no job '\(id)'" + (queue.map { " on queue '\($0)'" } ?? "")
                        + (tag.map { ", and no event of it under the tag '\($0)'" } ?? ""))
            }
            guard !common.json else { return try common.printJSON(trace) }
            write(trace)
        }
    }

    private func write(_ trace: JobTrace) {
        let first = trace.events.first
        let type = trace.job.flatMap { $0.name.isEmpty ? nil : "\($0.name) (version \($0.version))" } ?? first?.name
        print("job        \(id)")
        print("type       \(type ?? "no longer known")")
        print("queue      \(trace.job?.queue ?? first?.queue ?? "–")")
        print("state      \(trace.job.map { $0.isCancelled ? "cancelled" : $0.state.rawValue } ?? "forgotten")")
        if let job = trace.job, job.state != .completed {
            print(
                "attempts   \(job.attempts) ended badly: \(job.failures) of \(job.maximumFailures) failures, \(job.lapses) lapses"
            )
        }
        if let worker = trace.job?.worker { print("worker     \(worker)") }
        if let request = trace.job?.traceID { print("request    \(request)") }
        if let tag = trace.tag { print("tag        \(tag)") }
        if let batch = trace.batch { print("batch      \(batch.id), \(batch.pending) of \(batch.total) pending") }
        if let parent = trace.parent { print("came from  \(parent.name) \(parent.id) on \(parent.queue)") }
        for job in trace.followUps { print("followed   \(job.name) \(job.id) on \(job.queue)") }
        print("")
        if trace.tagEvents.isEmpty {
            write(trace.events)
            let hint =
                trace.job?.state == .completed
                ? "it completed, and its tag went with it: say --tag if you know it" : "it has no tag"
            print("\n\(hint), so only what the job itself keeps is known")
        } else {
            write(trace.tagEvents)
        }
    }

    private func write(_ events: [TimelineEvent]) {
        var table = Table(["", "TIME", "AFTER", "EVENT", "TYPE", "QUEUE", "JOB", "DETAIL"], left: ["AFTER"])
        for event in events {
            table.add([
                event.id.rawValue == id ? ">" : "", Show.time(event.at),
                "+" + Show.span(event.at - (events.first?.at ?? event.at)), event.event, event.name, event.queue,
                event.id.rawValue, event.detail,
            ])
        }
        table.write()
    }
}
