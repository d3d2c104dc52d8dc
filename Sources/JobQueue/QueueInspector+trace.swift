extension QueueInspector {
    /// The life of one job, with all of its tag.
    ///
    /// Of a job that completed only its end is remembered, not its tag: give it, and its events are found for 30 days.
    /// It costs the events of the tag, at most 1,000.
    ///
    /// - Parameters:
    ///   - queue: the job's queue; `nil` if every queue is to be asked.
    ///   - tag: its tag; `nil` if the job itself says.
    /// - Returns: `nil` if neither the job is known nor an event of it.
    public func trace(id: JobID, queue name: String? = nil, tag: String? = nil) async throws -> JobTrace? {
        let job = try await job(id: id, queue: name)
        let tag = job?.tag ?? tag
        let timeline =
            if let tag { try await timeline(tag: tag, limit: JobQueue.maximumBatch) } else { [TimelineEvent]() }
        guard job != nil || timeline.contains(where: { $0.id == id }) else { return nil }
        var batch: BatchStatus?
        if let id = job?.batch { batch = try await queue.batch(id: BatchID(id)) }
        return JobTrace(id: id, job: job, tag: tag, batch: batch, timeline: timeline)
    }
}
