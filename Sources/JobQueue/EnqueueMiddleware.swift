/// Sees the jobs that a ``JobQueue`` is about to put on queues; may change or refuse them.
///
/// It is called once for each call of the queue, with all jobs of the call, however many: one by one, in bulk, with a
/// domain script, and what a handler stages for its completion (follow-ups and effects' jobs). It runs before callers
/// at the same time are coalesced, in the order in which ``JobQueue`` was given its middleware. Cron ticks are not
/// seen: Redis enqueues them.
public protocol EnqueueMiddleware: Sendable {
    /// Looks at the jobs of one call before they go to Redis.
    ///
    /// A job may be changed in its place; as many come out as went in, with their ids.
    ///
    /// - Throws: any error refuses the whole call: nothing is enqueued, and the caller gets the error.
    func prepare(_ jobs: inout [PreparedJob]) async throws
}

extension JobQueue {
    /// The jobs as the middleware lets them through; without any it costs one look.
    func throughMiddleware(_ jobs: [PreparedJob]) async throws -> [PreparedJob] {
        guard !middleware.isEmpty, !jobs.isEmpty else { return jobs }
        var changed = jobs
        for one in middleware {
            try await one.prepare(&changed)
        }
        guard changed.map(\.id) == jobs.map(\.id) else {
            throw JobQueueError(.invalidJob, "A middleware must keep the jobs' number, order and ids.")
        }
        return changed
    }

    /// One job as the middleware lets it through.
    func throughMiddleware(_ job: PreparedJob) async throws -> PreparedJob {
        guard !middleware.isEmpty else { return job }
        return try await throughMiddleware([job])[0]
    }
}
