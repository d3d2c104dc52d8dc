internal import RedisClient

extension QueueInspector {
    private static let emptyScript = Linker.script(
        "empty", PackageResources.fate_lua, PackageResources.empty_lua, flags: "allow-oom")

    /// The pages of the jobs that a filter lets through, one after the other; it ends after the last.
    public func pages(
        queue name: String, state: JobState, matching filter: JobFilter = JobFilter(), limit: Int = 100
    ) -> JobPages {
        JobPages(inspector: self, queue: name, state: state, filter: filter, limit: limit)
    }

    /// Does something to all jobs of a state that a filter lets through, in atomic steps of up to 100 jobs.
    ///
    /// Jobs that are enqueued after it began are left alone, so it comes to an end. Each job is checked again in the
    /// step that changes it. It stops between two steps when its task is cancelled, with what was done done.
    ///
    /// - Parameters:
    ///   - dryRun: whether it only counts.
    ///   - progress: told after each step how far it is.
    /// - Throws: `JobQueueError` with `.invalidJob` if no job in this state allows the operation.
    @discardableResult
    public func apply(
        _ operation: JobOperation, to filter: JobFilter = JobFilter(), queue name: String, state: JobState,
        dryRun: Bool = false, progress: (BulkReport) async throws -> Void = { _ in }
    ) async throws -> BulkReport {
        guard operation.isAllowed(in: state) else {
            throw JobQueueError(.invalidJob, "A job that is \(state.rawValue) does not allow it.")
        }
        _ = try operation.words()
        let status = try await queue(named: name, minutes: 0)
        var filter = filter
        // Of completed jobs only times are known; they come with the latest first, so that it ends all the same.
        if state != .completed { filter.enqueuedBefore = min(filter.enqueuedBefore ?? .max, status.at + 1) }
        var report = BulkReport()
        report.isDryRun = dryRun
        report.total = status.count(of: state)
        // A lease that is renewed meanwhile comes again.
        var seen: Set<JobID> = []
        for try await page in pages(
            queue: name, state: state, matching: filter, limit: Self.operationBatch)
        {
            var ids = page.jobs.map(\.id)
            if state == .running {
                ids = ids.filter { seen.insert($0).inserted }
                if ids.isEmpty, !page.jobs.isEmpty { break }
            }
            report.scanned += page.scanned
            report.matched += ids.count
            if !dryRun, !ids.isEmpty { report.add(try await perform(operation, on: ids, queue: name)) }
            try await progress(report)
            try Task.checkCancellation()
        }
        return report
    }

    /// Deletes the jobs of a queue in steps of up to 500; locks are freed and batches are told.
    ///
    /// Jobs that are enqueued after it began may stay. What runs is left alone: kill it by
    /// ``apply(_:to:queue:state:dryRun:progress:)``.
    ///
    /// - Parameters:
    ///   - state: only what is in this state; `nil` for all but running and completed ones.
    ///   - progress: told after each step how many jobs are gone.
    /// - Returns: how many jobs are gone.
    /// - Throws: `JobQueueError` with `.invalidJob` for `running`.
    @discardableResult
    public func empty(
        queue name: String, state: JobState? = nil, progress: (Int) async throws -> Void = { _ in }
    ) async throws -> Int {
        guard state != .running else {
            throw JobQueueError(.invalidJob, "Running jobs are killed, not emptied.")
        }
        let status = try await queue(named: name, minutes: 0)
        var gone = 0
        for state in state.map({ [$0] }) ?? [.waiting, .suspect, .scheduled, .parked, .dead] {
            var left = status.count(of: state)
            while left > 0 {
                let most = min(left, 500)
                let reply = try await evaluate(
                    Self.emptyScript, [RedisArgument(name), RedisArgument(state.rawValue), RedisArgument(most)],
                    retry: .never)
                guard let taken = reply.array?.first?.int else {
                    throw JobQueueError(.unexpectedReply, "empty answered \(reply)")
                }
                guard taken > 0 else { break }
                left -= taken
                gone += taken
                try await progress(gone)
                try Task.checkCancellation()
            }
        }
        return gone
    }
}

/// Pages of jobs, one after the other; see ``QueueInspector/pages(queue:state:matching:limit:)``.
public struct JobPages: AsyncSequence, Sendable {
    /// A page.
    public typealias Element = JobPage

    let inspector: QueueInspector
    let queue: String
    let state: JobState
    let filter: JobFilter
    let limit: Int

    /// Begins at the first page.
    public func makeAsyncIterator() -> Iterator { Iterator(pages: self) }

    /// Reads a page at a time.
    public struct Iterator: AsyncIteratorProtocol {
        let pages: JobPages
        var cursor: String?
        var isEnded = false

        init(pages: JobPages) {
            self.pages = pages
        }

        /// The next page; `nil` after the last.
        public mutating func next() async throws -> JobPage? {
            guard !isEnded else { return nil }
            let page = try await pages.inspector.jobs(
                queue: pages.queue, state: pages.state, matching: pages.filter, cursor: cursor, limit: pages.limit)
            cursor = page.nextCursor
            isEnded = cursor == nil
            return page
        }
    }
}

extension QueueStatus {
    /// How many jobs are in a state; of completed ones, those that are remembered.
    public func count(of state: JobState) -> Int {
        switch state {
        case .waiting: waiting.reduce(0, +)
        case .suspect: suspect
        case .running: running
        case .scheduled: scheduled
        case .parked: parked
        case .dead: dead
        case .completed: completed
        }
    }
}
