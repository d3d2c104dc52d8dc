import JobQueue
import Settings

/// What the doctor sees of the queues: work that is stuck, and who should do it.
struct DoctorQueues {
    let settings: Settings
    let queues: [QueueStatus]
    let overdue: [String: Int]
    let workers: [WorkerRecord]
    let pools: [PoolRecord]
    let overrides: [String: PoolOverride]
    let schedules: [ScheduleRecord]

    /// Asks Redis; work that does not grow with the queues' length.
    init(settings: Settings, inspector: QueueInspector, queue: JobQueue) async throws {
        self.settings = settings
        queues = try await inspector.queues(minutes: 60, including: settings.queues.map(\.name))
        let now = queues.first?.at ?? 0
        // A worker takes lapsed leases back within a second or two.
        overdue = try await inspector.overdueLeases(of: queues.map(\.name), before: now - 5_000)
        workers = try await inspector.workers()
        (pools, overrides) = try await PoolRegistry(queue: queue).view()
        schedules = try await inspector.schedules()
    }

    func look(_ findings: inout Findings) {
        for queue in queues { look(at: queue, &findings) }
        silent(&findings)
        pool(&findings)
        periodic(&findings)
    }

    private func look(at queue: QueueStatus, _ findings: inout Findings) {
        let before = findings.all.count
        let name = queue.name
        if queue.isPaused {
            findings.warn(
                "queue.paused", name, "paused since \(Show.time(queue.pausedAt)), \(queue.depth) jobs wait",
                "sunsetctl queue resume \(name)")
        }
        waiting(queue, &findings)
        if let count = overdue[name], count > 0 {
            findings.fail(
                "queue.leases", name, "\(Show.count(count, "lease")) ran out, and nobody takes the jobs back",
                "start workers of the queue: one of them does so with its first claim")
        }
        if queue.dead > 0 {
            findings.warn(
                "queue.dead", name, "\(Show.count(queue.dead, "dead job"))",
                "sunsetctl dead ls --queue \(name), then dead retry-all or dead purge")
        }
        if queue.parked > 0 {
            findings.warn(
                "queue.parked", name, "\(Show.count(queue.parked, "job")) of a type or version that no process knows",
                "start the release that knows them: they come back by themselves")
        }
        let lapsed = queue.minutes.reduce(0) { $0 + $1.lapsed }
        if lapsed > 0 {
            findings.warn(
                "queue.lapses", name, "\(Show.count(lapsed, "lease")) ran out in the last hour: workers died or froze",
                "sunsetctl job ls \(name) --state suspect, and the workers' log")
        }
        if findings.all.count == before {
            findings.ok("queue", name, "\(queue.depth) wait, \(queue.running) run, nothing is stuck")
        }
    }

    /// Whether the oldest job waits too long, and whether anybody will come for it.
    private func waiting(_ queue: QueueStatus, _ findings: inout Findings) {
        let name = queue.name
        let serving = workers.filter { $0.serves(name) }
        let configured = settings.queues.first { $0.name == name }
        // Where no worker is heard of at all, the pool's finding says so; an idle queue may be scaled to nothing.
        let isExpected = (configured?.minimum ?? 0) > 0 && workers.contains { !$0.isStale }
        if serving.isEmpty, isExpected || queue.depth + queue.running > 0 {
            findings.fail(
                "queue.workers", name,
                "no worker serves it; \(Show.count(queue.depth, "job")) waiting, \(queue.running) with leases",
                configured == nil
                    ? "no queue of that name is in the settings: move its jobs, or start the program that serves it"
                    : "start sunset-worker pool, or sunset-worker --queue \(name)")
        }
        guard let waited = queue.latencyMilliseconds, !queue.isPaused else { return }
        let goal = Int64(configured?.latencyGoalMilliseconds ?? 60_000)
        guard waited > goal else { return }
        let says = "the oldest job has waited \(Show.span(waited)); the goal is \(Show.span(goal))"
        let advice = "sunsetctl queue inspect \(name); more processes: sunsetctl pool scale \(name) N"
        if waited > max(goal * 10, 60_000) {
            findings.fail("queue.latency", name, says, advice)
        } else {
            findings.warn("queue.latency", name, says, advice)
        }
    }

    private func silent(_ findings: inout Findings) {
        for worker in workers {
            let name = "\(worker.name) on \(worker.host)"
            if worker.isStale {
                findings.warn(
                    "worker.silent", name, "not heard of since \(Show.time(worker.beatAt)), process \(worker.pid)",
                    "it is frozen, cut off or dead; its jobs are others' when their leases end; look at its host")
            } else if worker.state == "outdated" {
                findings.fail(
                    "worker.outdated", name, "works on an older layout of the queues and claims nothing",
                    "replace it by this release")
            } else if worker.state == "quiet" {
                findings.warn("worker.quiet", name, "claims nothing, by order", "sunsetctl worker resume \(worker.id)")
            }
            if let stuck = worker.details["stuck"].flatMap({ Int($0) }), stuck > 0 {
                findings.warn(
                    "worker.stuck", name, "\(Show.count(stuck, "handler")) without a reaction to the cancellation",
                    "sunsetctl worker stop \(worker.id): a pool starts another")
            }
        }
        let alive = workers.count { !$0.isStale }
        if alive > 0 { findings.ok("worker", "\(Show.count(alive, "worker")) heard of") }
    }

    private func pool(_ findings: inout Findings) {
        guard !pools.isEmpty else {
            let says = "no pool runs: nobody restarts workers, or scales them"
            let advice = "start sunset-worker pool"
            if workers.allSatisfy(\.isStale) {
                findings.fail("pool", says + ", and there are no workers", advice)
            } else {
                findings.warn("pool", says, advice)
            }
            return
        }
        var lacking = false
        for pool in pools {
            for share in pool.shares where share.ready < share.wanted {
                lacking = true
                findings.warn(
                    "pool.ready", "\(share.queue) on \(pool.host)",
                    "\(share.ready) of \(share.wanted) processes are ready",
                    "wait a moment; if it stays, they end at their start: look at the pool's log")
            }
        }
        for (queue, override) in overrides.sorted(by: { $0.key < $1.key }) where override.maximum == 0 {
            findings.warn(
                "pool.scale", queue, "an operator scaled it to no process", "sunsetctl pool scale \(queue) auto")
        }
        if !lacking { findings.ok("pool", "\(Show.count(pools.count, "pool")), and all that they want is ready") }
    }

    private func periodic(_ findings: inout Findings) {
        let now = queues.first?.at ?? 0
        for entry in schedules where entry.isEnabled {
            if entry.pausedAt != nil {
                findings.warn(
                    "cron", entry.name, "paused since \(Show.time(entry.pausedAt))",
                    "sunsetctl cron resume \(entry.name)")
            } else if entry.isForgotten(at: now) {
                findings.fail(
                    "cron", entry.name, "no process has declared it since \(Show.time(entry.seenAt)): nobody ticks it",
                    "start a worker of the queue that declares it (maintenance); "
                        + "if none has it any more: sunsetctl cron forget \(entry.name)")
            } else {
                findings.ok("cron", entry.name, "next at \(Show.time(entry.nextTick))")
            }
        }
    }
}
