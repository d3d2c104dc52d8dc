internal import RedisClient

extension QueueInspector {
    private static let pageScript = Linker.script("page", PackageResources.page_lua, flags: "no-writes")
    private static let findScript = Linker.script(
        "find", PackageResources.locate_lua, PackageResources.find_lua, flags: "no-writes")
    /// The most queues that one script asks for an id.
    private static let queuesInScript = 200
    /// The most jobs that a filtered page looks at, unless told otherwise: some milliseconds of Redis's time.
    public static let defaultScan = 2_000
    /// The most jobs that a page may look at: in that time, about 30 ms, Redis does nothing else.
    public static let maximumScan = 10_000

    /// A page of the jobs in a state, without payloads, as they are at one moment.
    ///
    /// Waiting and suspect jobs come in the order of their claim, running and scheduled ones by their time, dead and
    /// completed ones with the latest first. A cursor stays valid while jobs move: it names the last job that was
    /// looked at. A job that moves within its state (a lease that is renewed, a job that goes back to the head) may
    /// come twice; one that stays comes once.
    ///
    /// - Parameters:
    ///   - filter: which jobs; of completed ones only times and results are known, so that a filter lets none through.
    ///   - cursor: where the page before ended.
    ///   - limit: how many jobs, 1 to 1,000.
    ///   - scan: how many jobs are looked at for it, up to ``maximumScan``; then a page ends, see ``JobPage/scanned``.
    /// - Throws: `JobQueueError` with `.invalidJob` for a text that is no cursor of this state.
    public func jobs(
        queue name: String, state: JobState, matching filter: JobFilter = JobFilter(), cursor: String? = nil,
        limit: Int = 50, scan: Int = QueueInspector.defaultScan
    ) async throws -> JobPage {
        let place = try cursor.map { try PageCursor($0, for: state).place } ?? ""
        let limit = min(max(limit, 1), JobQueue.maximumBatch)
        let arguments =
            [
                RedisArgument(name), RedisArgument(state.rawValue), RedisArgument(limit),
                RedisArgument(min(max(scan, limit), Self.maximumScan)), RedisArgument(place),
            ] + filter.arguments
        let reply = try await evaluate(Self.pageScript, arguments, retry: .safe)
        guard let values = reply.array, values.count >= 3, let now = values[0].int, let scanned = values[1].int,
            let next = values[2].string
        else { throw JobQueueError(.unexpectedReply, "page answered \(reply)") }
        var jobs = values.dropFirst(3).compactMap { JobRecord(queue: name, state: state, reply: $0) }
        if state == .running { try await nameWorkers(of: &jobs) }
        return JobPage(
            jobs: jobs, nextCursor: next.isEmpty ? nil : PageCursor(state: state, place: next).text, scanned: scanned,
            at: Int64(now))
    }

    /// One job with its payload, as it is at one moment; without a queue's name all are asked.
    public func job(id: JobID, queue name: String? = nil) async throws -> JobRecord? {
        var names = name.map { [$0] } ?? []
        repeat {
            let some = names.prefix(Self.queuesInScript)
            let arguments =
                [RedisArgument(id.rawValue), RedisArgument(Self.queuesInScript)] + some.map { RedisArgument($0) }
            let reply = try await evaluate(Self.findScript, arguments, retry: .safe)
            guard let values = reply.array, let rest = values.first?.array else {
                throw JobQueueError(.unexpectedReply, "find answered \(reply)")
            }
            if values.count == 8, let queue = values[1].string,
                let state = values[2].string.flatMap({ JobState(rawValue: $0) })
            {
                var jobs = [
                    JobRecord(
                        id: id.rawValue, queue: queue, state: state, at: values[3], envelope: values[4].bytes,
                        history: values[5], result: values[6], progress: values[7], showsPayload: true)
                ]
                if state == .running { try await nameWorkers(of: &jobs) }
                return jobs[0]
            }
            names = Array(names.dropFirst(some.count)) + rest.compactMap(\.string)
        } while !names.isEmpty
        return nil
    }

    /// Adds who runs the jobs, by what the workers show of themselves.
    private func nameWorkers(of jobs: inout [JobRecord]) async throws {
        guard !jobs.isEmpty else { return }
        var places: [JobID: (worker: String, startedAt: Int64)] = [:]
        for worker in try await workers() {
            for running in worker.running where running.queue == jobs[0].queue {
                places[running.id] = (worker.id, worker.beatAt - running.milliseconds)
            }
        }
        for index in jobs.indices {
            guard let place = places[jobs[index].id] else { continue }
            jobs[index].worker = place.worker
            jobs[index].startedAt = place.startedAt
        }
    }
}

extension JobRecord {
    /// Reads one job of a page; its envelope is the header alone.
    fileprivate init?(queue: String, state: JobState, reply: RESPValue) {
        guard let values = reply.array, values.count == 6, let id = values[0].string, let header = values[2].bytes
        else { return nil }
        self.init(
            id: id, queue: queue, state: state, at: values[1], envelope: header + [UInt8(ascii: "\n")],
            history: values[3], result: values[4], progress: values[5], showsPayload: false)
    }
}
