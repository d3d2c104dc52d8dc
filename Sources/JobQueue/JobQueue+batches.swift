internal import RedisClient

extension JobQueue {
    static let batchScript = Linker.script("batch", PackageResources.batch_lua, flags: nil)

    /// Puts the members of a batch on their queues; the results are in the jobs' order.
    ///
    /// Up to 1,000 jobs (and 8 MiB) go in one atomic step. More go in parts to an open batch, which is sealed with the
    /// last: after an error, or a crash in between, the batch stays open and nothing of it ends. Repeating the call with
    /// the same batch continues it where it stood: what was taken is answered with ``EnqueueResult/duplicate`` and
    /// counted once, even if the jobs' ids were made afresh. An open batch that nobody continues is forgotten after 30
    /// days, its jobs are not.
    ///
    /// A member whose id is taken or whose lock is held by another is no member. A batch without members is over at
    /// once, and its callbacks run.
    ///
    /// - Throws: `JobQueueError`; `.invalidJob` if a sealed batch of this id has fewer jobs.
    @discardableResult
    public func enqueue(batch: JobBatch) async throws -> [EnqueueResult] {
        guard batch.id.isValid else {
            throw JobQueueError(.invalidJob, "A batch's id has 1 to 128 bytes without white space: '\(batch.id)'.")
        }
        let callbacks = [batch.onSuccess, batch.onComplete]
        var jobs = try await throughMiddleware(
            batch.jobs.map { $0.joining(batch: batch.id) } + callbacks.compactMap { $0 })
        let seen = Array(jobs.suffix(jobs.count - batch.jobs.count))
        jobs.removeLast(seen.count)
        let onSuccess = batch.onSuccess == nil ? nil : seen.first
        let onComplete = batch.onComplete == nil ? nil : seen.last
        var results: [EnqueueResult] = []
        results.reserveCapacity(jobs.count)
        var parts = Self.parts(of: jobs)
        if parts.isEmpty { parts = [0..<0] }
        for part in parts {
            var arguments: [RedisArgument] = [
                RedisArgument(batch.id.rawValue), RedisArgument(part.lowerBound),
                part.upperBound == jobs.count ? "1" : "0",
            ]
            arguments.reserveCapacity(16 + part.count * PreparedJob.argumentCount)
            for callback in [onSuccess, onComplete] {
                arguments.append(callback == nil ? "0" : "1")
                callback?.append(to: &arguments)
            }
            jobs[part].forEach { $0.append(to: &arguments) }
            let reply = try await send(arguments, of: batch.id)
            let answered = try EnqueueCall.results(reply, count: part.count)
            metrics.enqueued(jobs[part], answered)
            results += answered
        }
        return results
    }

    private func send(_ arguments: [RedisArgument], of batch: BatchID) async throws -> RESPValue {
        do {
            return try await evaluate(Self.batchScript, arguments, replication: replication)
        } catch {
            switch error.underlying?.serverError?.prefix {
            case "BATCHSEALED":
                throw JobQueueError(
                    .invalidJob,
                    "The batch \(batch) is sealed and has fewer jobs; a running member adds some with joining(batch:).",
                    underlying: error.underlying)
            case "BATCHGONE":
                throw JobQueueError(
                    .invalidJob, "The batch \(batch) was forgotten before it was sealed; enqueue it under another id.",
                    underlying: error.underlying)
            default: throw error
            }
        }
    }

    /// A batch as it is now; `nil` if there is none of this id, or none any more: finished ones are kept for 7 days.
    public func batch(id: BatchID) async throws -> BatchStatus? {
        try await statuses([id])[0]
    }

    /// A page of the batches, the latest first; at most 1,000.
    public func batches(cursor: String? = nil, limit: Int = 50) async throws -> BatchPage {
        let limit = min(max(limit, 1), Self.maximumBatch)
        // `<created>:<how many of that millisecond were shown>`: later batches don't shift the pages.
        let parts = (cursor ?? "").split(separator: ":").compactMap { Int64($0) }
        let skip = parts.count == 2 ? parts[1] : 0
        let index: RESPValue
        do {
            index = try await redis.send(
                RedisCommand(
                    "ZRANGE", RedisArgument(keys.batches), parts.count == 2 ? RedisArgument(parts[0]) : "+inf", "-inf",
                    "BYSCORE", "REV", "LIMIT", RedisArgument(skip), RedisArgument(limit + 1), "WITHSCORES"
                ).retrying(.safe))
        } catch {
            throw JobQueueError(error)
        }
        let found = index.scoredMembers
        let shown = found.prefix(limit)
        let statuses = try await statuses(shown.map { BatchID($0.member) })
        var nextCursor: String?
        if found.count > limit, let last = shown.last {
            let same = shown.count { $0.score == last.score }
            nextCursor = "\(last.score):\(last.score == parts.first ? Int(skip) + same : same)"
        }
        return BatchPage(batches: statuses.compactMap { $0 }, nextCursor: nextCursor)
    }

    private func statuses(_ ids: [BatchID]) async throws -> [BatchStatus?] {
        guard !ids.isEmpty else { return [] }
        let replies = await redis.send(
            ids.map { id in
                RedisCommand(
                    "HMGET", [RedisArgument(keys.batch(id))] + BatchStatus.fields.map { RedisArgument($0) }
                ).retrying(.safe)
            })
        return try zip(ids, replies).map { id, reply in
            BatchStatus(id: id, reply: try translated { () throws(RedisError) in try reply.get() })
        }
    }
}
