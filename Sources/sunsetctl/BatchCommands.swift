import ArgumentParser
import JobQueue

struct BatchList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "The batches of jobs, the latest first, a page at a time.")
    @Option(help: "Where the page begins, as the page before said.") var cursor: String?
    @Option(help: "How many batches, 1 to 1000.") var limit = 50
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...1_000).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 1000.") }
        if let cursor, cursor.wholeMatch(of: /\d+:\d+/) == nil {
            throw ValidationError("--cursor is '\(cursor)'; it must be what the page before gave out.")
        }
    }

    func run() async throws {
        try await common.withQueue { _, queue in
            let page = try await queue.batches(cursor: cursor, limit: limit)
            guard !common.json else { return try common.printJSON(page) }
            var table = Table([
                "BATCH", "STATE", "JOBS", "PENDING", "COMPLETED", "DEAD", "CANCELLED", "OPENED", "ENDED",
            ])
            for batch in page.batches {
                table.add([
                    batch.id.rawValue, batch.state, "\(batch.total)", "\(batch.pending)", "\(batch.completed)",
                    "\(batch.dead)", "\(batch.cancelled)", Show.time(batch.createdAt), Show.time(batch.finishedAt),
                ])
            }
            table.write()
            if let next = page.nextCursor { print("more: --cursor \(next)") }
        }
    }
}

struct BatchShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One batch: how far it is, and the jobs that follow from its end.",
        discussion: """
            --members lists the members that live or are dead; those that completed are only counted. No index has them: a \
            page looks at --scan jobs of all queues, so it can be short, or empty, and still go on, and all pages together \
            look at all jobs (O(n)).
            """)
    @Argument(help: "The batch's id.") var id: String
    @Flag(help: "List its members too, a page at a time.") var members = false
    @Option(help: "Where the page of members begins, as the page before said.") var cursor: String?
    @Option(help: "How many members, 1 to 1000.") var limit = 50
    @Option(help: "How many jobs a page of members looks at, 1 to 10000.") var scan = QueueInspector.defaultScan
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...1_000).contains(limit) else { throw ValidationError("--limit is \(limit); it must be 1 to 1000.") }
        guard (1...QueueInspector.maximumScan).contains(scan) else {
            throw ValidationError("--scan is \(scan); it must be 1 to \(QueueInspector.maximumScan).")
        }
        if cursor != nil, !members { throw ValidationError("--cursor goes with --members.") }
    }

    func run() async throws {
        try await common.withQueue { inspector, queue in
            guard let batch = try await queue.batch(id: BatchID(id)) else {
                throw CommonOptions.refuse("there is no batch '\(id)'; one that has ended is kept for 7 days")
            }
            let callbacks = [
                Callback(when: "on success", job: batch.onSuccess),
                Callback(when: "on complete", job: batch.onComplete),
            ].compactMap { $0 }
            var found: [Callback] = []
            for callback in callbacks {
                var callback = callback
                callback.state = try await inspector.job(id: callback.job)?.state
                found.append(callback)
            }
            let page =
                members
                ? try await inspector.members(of: batch.id, cursor: cursor, limit: limit, scan: scan) : nil
            guard !common.json else {
                return try common.printJSON(Shown(batch: batch, callbacks: found, members: page))
            }
            write(batch, found)
            if let page { write(page) }
        }
    }

    private func write(_ batch: BatchStatus, _ callbacks: [Callback]) {
        let ended = batch.total - batch.pending
        print("batch      \(batch.id) (\(batch.state))")
        print("progress   \(ProgressBar.line(done: ended, of: batch.total, "ended"))")
        print("completed  \(batch.completed)")
        print("dead       \(batch.dead)")
        print("cancelled  \(batch.cancelled)")
        print("deleted    \(batch.deleted)")
        print("opened     \(Show.time(batch.createdAt))")
        print("sealed     \(batch.sealedAt.map { Show.time($0) } ?? "not yet: its producer adds jobs")")
        print("ended      \(Show.time(batch.finishedAt))")
        for callback in callbacks {
            print(
                "\(callback.when == "on success" ? "success   " : "complete  ") \(callback.job) (\(state(of: callback, batch)))"
            )
        }
    }

    private func write(_ page: BatchMemberPage) {
        print("")
        var table = Table(["MEMBER", "QUEUE", "TYPE", "STATE", "FAILURES", "LAPSES", "LAST ERROR"])
        for job in page.jobs {
            table.add([
                job.id.rawValue, job.queue, job.name, job.isCancelled ? "cancelled" : job.state.rawValue,
                "\(job.failures)/\(job.maximumFailures)", "\(job.lapses)", job.troubles.last?.message ?? "–",
            ])
        }
        table.write()
        if let next = page.nextCursor { print("more: --members --cursor \(next)") }
    }

    private func state(of callback: Callback, _ batch: BatchStatus) -> String {
        if let state = callback.state { return state.rawValue }
        if callback.when == "on success", batch.finishedAt != nil, batch.succeededAt == nil {
            return "never: not all jobs completed"
        }
        return batch.finishedAt == nil ? "enqueued at the end" : "ended and forgotten"
    }

    private struct Callback: Encodable {
        let when: String
        let job: JobID
        var state: JobState?

        init?(when: String, job: JobID?) {
            guard let job else { return nil }
            self.when = when
            self.job = job
        }
    }

    private struct Shown: Encodable {
        let batch: BatchStatus
        let callbacks: [Callback]
        let members: BatchMemberPage?
    }
}

extension BatchStatus {
    /// Where it stands, in a word.
    fileprivate var state: String {
        if sealedAt == nil { return "open" }
        if finishedAt == nil { return "running" }
        return succeededAt == nil && completed < total ? "ended" : "succeeded"
    }
}
