public import RedisClient

extension JobQueue {
    /// Puts one job on its queue; callers at the same time share a script's call.
    ///
    /// - Parameters:
    ///   - id: the producer's id; repeat an enqueue with the same one.
    ///   - delay: how long the job waits before it may be claimed.
    ///   - priority: a level other than its type's.
    ///   - traceID: a trace context to hand to the handler.
    ///   - tag: the timeline that its events go to, for example an order's id.
    /// - Throws: `JobQueueError`; `.memoryFull` when Redis is full (nothing was changed), `.outcomeUnknown` when the
    ///   answer was lost and repeating did not help, `.notReplicated` when too few replicas have it in time.
    @discardableResult
    public func enqueue(
        _ job: some Job,
        id: JobID = .generate(),
        delay: Duration? = nil,
        priority: JobPriority? = nil,
        traceID: String? = nil,
        tag: String? = nil
    ) async throws -> EnqueueResult {
        try await enqueue(job.prepared(id: id, delay: delay, priority: priority, traceID: traceID, tag: tag))
    }

    /// Puts one prepared job on its queue; callers at the same time share a script's call.
    @discardableResult
    public func enqueue(_ job: PreparedJob) async throws -> EnqueueResult {
        let job = try await throughMiddleware(job)
        let result = try await coalescer.enqueue(job)
        metrics.of(job.queue).count(result)
        return result
    }

    /// Puts many jobs on their queues, up to 1,000 (and 8 MiB) in one atomic script; the results are in the jobs' order.
    ///
    /// More go in several scripts, one after the other: after an error those before it are enqueued.
    @discardableResult
    public func enqueue(_ jobs: [PreparedJob]) async throws -> [EnqueueResult] {
        let jobs = try await throughMiddleware(jobs)
        let parts = Self.parts(of: jobs)
        guard let first = parts.first else { return [] }
        guard parts.count > 1 else { return try await send(EnqueueCall(jobs[first]), of: jobs[first]) }
        return try await withThrowingTaskGroup(of: [EnqueueResult].self) { group in
            var results: [EnqueueResult] = []
            results.reserveCapacity(jobs.count)
            for part in parts {
                // Laid out while the part before is under way, and sent when that is answered: the order holds.
                let call = EnqueueCall(jobs[part])
                if let answered = try await group.next() { results += answered }
                group.addTask { try await send(call, of: jobs[part]) }
            }
            if let answered = try await group.next() { results += answered }
            return results
        }
    }

    private func send(_ call: EnqueueCall, of jobs: ArraySlice<PreparedJob>) async throws -> [EnqueueResult] {
        let results = try await call.send(to: redis, anchor: keys.anchor, replication: replication)
        metrics.enqueued(jobs, results)
        return results
    }

    /// The parts in which jobs go to Redis, each at most 1,000 jobs and 8 MiB.
    static func parts(of jobs: [PreparedJob]) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = 0
        while start < jobs.count {
            let end = start + part(of: jobs, from: start) { $0.byteCount }
            parts.append(start..<end)
            start = end
        }
        return parts
    }

    /// How many elements from `start` on go into one call, at least one.
    static func part<T>(of elements: [T], from start: Int, bytes: (T) -> Int) -> Int {
        var total = 0
        var end = start
        while end < elements.count, end - start < maximumBatch {
            total += bytes(elements[end])
            if total > maximumCallBytes, end > start { break }
            end += 1
        }
        return end - start
    }

    /// Runs a state change and the enqueue of its jobs as one atomic script.
    ///
    /// - Parameters:
    ///   - keys: the keys that the body sees as `K`; each carries ``Namespace/tag``.
    ///   - arguments: what the body sees as `A`.
    ///   - jobs: what the body sees as `jobs`; it decides which of them it enqueues. At most 1,000,
    ///     and with the arguments 64 MiB.
    ///   - retry: `.safe` if running it twice does no harm, as when its state check makes the second a no-op.
    /// - Returns: the body's reply, by convention `{1, …}` of `ok` or `{0, code, detail}` of `refuse`.
    /// - Throws: `JobQueueError`; `.memoryFull` when Redis is full and the script does not allow for it.
    public func run(
        _ script: DomainScript,
        keys: [String] = [],
        arguments: [RedisArgument] = [],
        jobs: [PreparedJob] = [],
        retry: RedisClient.Retry = .never
    ) async throws -> RESPValue {
        guard jobs.count <= Self.maximumBatch else {
            throw JobQueueError(.invalidJob, "A script takes at most \(Self.maximumBatch) jobs, not \(jobs.count).")
        }
        let jobs = try await throughMiddleware(jobs)
        let bytes = (arguments.reduce(0) { $0 + $1.byteCount }) + jobs.reduce(0) { $0 + $1.byteCount }
        guard bytes <= Self.maximumScriptBytes else {
            throw JobQueueError(
                .payloadTooLarge,
                "The arguments and jobs of \(script.name) have about \(bytes) bytes; at most "
                    + "\(Self.maximumScriptBytes) go.")
        }
        var all: [RedisArgument] = []
        all.reserveCapacity(arguments.count + 2 + jobs.count * PreparedJob.argumentCount)
        all.append(RedisArgument(arguments.count))
        all += arguments
        all.append(RedisArgument(jobs.count))
        for job in jobs {
            job.append(to: &all)
        }
        do {
            return try await redis.eval(
                script.linked, keys: [self.keys.anchor] + keys, arguments: all, retry: retry, replication: replication)
        } catch {
            throw JobQueueError(error)
        }
    }
}
