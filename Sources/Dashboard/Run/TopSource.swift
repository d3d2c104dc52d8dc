public import JobQueue

/// Reads and changes what the screen shows.
///
/// A read costs the queues, not their jobs: one script for all queues, the registry of workers, and in the view of dead
/// jobs the latest few of each queue that has some.
public struct TopSource: Sendable {
    /// The most dead jobs that are read.
    static let deadShown = 100
    /// The most queues whose dead jobs are read.
    static let queuesWithDead = 100

    private let inspector: QueueInspector

    /// Reads by an inspector.
    public init(inspector: QueueInspector) {
        self.inspector = inspector
    }

    /// Reads what a view shows.
    ///
    /// - Parameters:
    ///   - minutes: how many minutes of counters each queue has, see ``TopModel/minutesWanted``.
    ///   - views: what is read besides queues and workers.
    public func snapshot(minutes: Int, views: Set<TopView>) async throws -> TopSnapshot {
        async let workersRead = inspector.workers()
        let queues = try await inspector.queues(minutes: minutes)
        let workers = try await workersRead
        // Without a queue nobody said what time it is in Redis; the local clock is only shown then.
        let at = queues.map(\.at).max() ?? Int64(SortableID.unixMilliseconds())
        var snapshot = TopSnapshot(at: at, queues: queues, workers: workers)
        if views.contains(.dead) { snapshot.dead = try await dead(of: queues) }
        if views.contains(.cron) { snapshot.schedules = try await inspector.schedules() }
        return snapshot
    }

    private func dead(of queues: [QueueStatus]) async throws -> [JobRecord] {
        var jobs: [JobRecord] = []
        for queue in queues.filter({ $0.dead > 0 }).prefix(Self.queuesWithDead) {
            jobs += try await inspector.jobs(queue: queue.name, state: .dead, limit: Self.deadShown).jobs
        }
        jobs.sort { ($1.stateAt ?? 0, $0.id.rawValue) < ($0.stateAt ?? 0, $1.id.rawValue) }
        return Array(jobs.prefix(Self.deadShown))
    }

    /// Makes a change, and says what was done.
    ///
    /// - Parameter progress: told how far a change of many jobs is.
    public func perform(_ change: TopChange, progress: @Sendable (String) -> Void) async throws -> String {
        switch change {
        case .pause(let queue, true):
            try await inspector.pause(queue: queue)
            return "queue \(queue) is paused; p lets it go on"
        case .pause(let queue, false):
            try await inspector.resume(queue: queue)
            return "queue \(queue) goes on"
        case .retryDead(let queue):
            let report = try await inspector.apply(.retry, queue: queue, state: .dead) {
                progress("queue \(queue): \($0.changed) of \($0.total) dead jobs retried")
            }
            let kept = report.matched - report.changed
            return "queue \(queue): \(report.changed) dead jobs retried" + (kept > 0 ? ", \(kept) left alone" : "")
        case .retry(let job, let queue):
            let result = try await inspector.perform(.retry, on: JobID(job), queue: queue)
            return result == .done ? "job \(job) is back on \(queue)" : "job \(job) was left alone: \(result)"
        case .quiet(let worker, let name, let isQuiet):
            guard try await inspector.tell(worker: worker, isQuiet ? .quiet : .resume) else {
                return "worker \(name) is gone"
            }
            return isQuiet ? "worker \(name) claims nothing more; p lets it go on" : "worker \(name) claims again"
        case .pauseSchedule(let name, true):
            return try await inspector.pauseSchedule(name) ? "\(name) is paused; p lets it go on" : "\(name) was paused"
        case .pauseSchedule(let name, false):
            return try await inspector.resumeSchedule(name) ? "\(name) goes on" : "\(name) was not paused"
        case .runSchedule(let name):
            guard let job = try await inspector.runScheduleNow(name) else { return "there is no \(name) any more" }
            return "\(name) was wanted as job \(job)"
        }
    }
}
