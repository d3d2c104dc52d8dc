/// The life of one job beside those of its tag: where it came from, its attempts, what followed.
public struct JobTrace: Codable, Sendable, Hashable {
    /// A job of the tag.
    public struct Relative: Codable, Sendable, Hashable {
        /// Its id.
        public var id: JobID
        /// Its queue.
        public var queue: String
        /// The name of its type.
        public var name: String
    }

    /// The job, as far as it is known; `nil` if only its events are.
    public var job: JobRecord?
    /// The tag that ties it to others.
    public var tag: String?
    /// Its batch.
    public var batch: BatchStatus?
    /// The job whose completion enqueued it, in the same step; only known within a tag.
    public var parent: Relative?
    /// The jobs that its completion enqueued, in the same step; only known within a tag.
    public var followUps: [Relative]
    /// What happened to it, the oldest first.
    public var events: [TimelineEvent]
    /// What happened to all jobs of its tag, itself included, the oldest first; empty without a tag.
    public var tagEvents: [TimelineEvent]
}

extension JobTrace {
    init(id: JobID, job: JobRecord?, tag: String?, batch: BatchStatus?, timeline: [TimelineEvent]) {
        var own = timeline.filter { $0.id == id }
        if own.isEmpty, let job { own = Self.events(of: job) }
        self.init(
            job: job, tag: tag, batch: batch, parent: Self.parent(of: id, in: timeline),
            followUps: Self.followUps(of: id, in: timeline), events: own, tagEvents: timeline)
    }

    /// The script that ends a job notes first what it enqueued, then its end; both within a millisecond.
    static func parent(of id: JobID, in timeline: [TimelineEvent]) -> Relative? {
        guard let start = timeline.firstIndex(where: { $0.id == id && $0.event == "enqueued" }),
            let end = timeline[start...].first(where: { $0.event != "enqueued" }), end.event == "completed",
            end.id != id, end.at - timeline[start].at <= 1
        else { return nil }
        return Relative(end)
    }

    static func followUps(of id: JobID, in timeline: [TimelineEvent]) -> [Relative] {
        guard let end = timeline.lastIndex(where: { $0.id == id && $0.event == "completed" }) else { return [] }
        return timeline[..<end].reversed().prefix { $0.event == "enqueued" && $0.id != id }
            .filter { timeline[end].at - $0.at <= 1 }.reversed().map { Relative($0) }
    }

    /// What a job that is in no timeline tells of itself.
    static func events(of job: JobRecord) -> [TimelineEvent] {
        func event(_ at: Int64, _ what: String, _ detail: String = "") -> TimelineEvent {
            TimelineEvent(at: at, event: what, queue: job.queue, id: job.id, name: job.name, detail: detail)
        }
        var events: [TimelineEvent] = []
        if let created = job.createdAt { events.append(event(created, "enqueued")) }
        for trouble in job.troubles {
            let what = trouble.isCancellation ? "cancelled" : trouble.isLapse ? "lapsed" : "failed"
            events.append(event(trouble.at, what, trouble.message))
        }
        if let started = job.startedAt { events.append(event(started, "started", "attempt \(job.attempts + 1)")) }
        if job.state == .dead, !job.isCancelled, let died = job.stateAt { events.append(event(died, "dead")) }
        return events
    }
}

extension JobTrace.Relative {
    init(_ event: TimelineEvent) {
        self.init(id: event.id, queue: event.queue, name: event.name)
    }
}
