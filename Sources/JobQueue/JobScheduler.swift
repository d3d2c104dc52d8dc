internal import Foundation
public import Logging
package import RedisClient
public import ServiceLifecycle
internal import Synchronization

/// Enqueues the jobs of periodic entries at their ticks; any number of processes may run one with the same entries.
///
/// A tick is enqueued at most once: one script compares the entry's version and last tick with what this scheduler
/// knows, enqueues the job and moves the tick on (`Lua/cron.lua`). When a tick is due is Redis's clock to say; this
/// process's clock only decides when to ask. Between ticks a scheduler sends one command every half minute and listens
/// for what operators want; a Redis that can't be reached is waited for, and the ticks of that time are caught up with
/// as each entry's ``JobSchedule/CatchUp`` says.
///
/// Two runs of one entry can overlap when a job takes longer than its period; make its jobs unique to keep them apart.
public final class JobScheduler: Service {
    /// What is known of an entry in Redis.
    struct Entry: Sendable {
        let schedule: JobSchedule
        let definition: String
        let timing: String
        /// Whether this process may advance it.
        var isOurs = false
        /// The code of the latest reply, so that a change is logged once.
        var code = ""
        /// Its ticks are settled up to this time.
        var settled: Int64 = 0
        var isPaused = false
        /// The run that an operator wants.
        var wanted = ""
        /// No attempt before this time, after one that could not prepare its job.
        var notBefore: Int64 = 0

        /// When there is something to do.
        func next() -> Int64? {
            guard isOurs else { return nil }
            if !wanted.isEmpty { return notBefore }
            guard !isPaused else { return nil }
            return schedule.nextTick(after: settled).map { max($0, notBefore) }
        }
    }

    /// An idle scheduler looks this often, in milliseconds: what operators want and older versions reaches it at once
    /// over the control channel, or then.
    static let lookInterval: Int64 = 30_000
    /// How long an entry that no process declares any more is kept: as long as a downtime that is caught up with.
    static let forgetAfter: Int64 = 7 * 86_400_000
    /// The most jobs that one script enqueues.
    static let batch = 100
    package static let script = Linker.script("cron", PackageResources.cron_lua, flags: nil)

    let queue: JobQueue
    let logger: Logger
    let clock: any SchedulerClock
    let linked: RedisScript
    private let schedules: [JobSchedule]
    private let wake = Signal()
    private let isLookWanted = Atomic<Bool>(true)

    /// Creates a scheduler of some entries.
    ///
    /// - Throws: `JobQueueError` with `.invalidSchedule` if an entry makes no sense or two have one name.
    public convenience init(queue: JobQueue, schedules: [JobSchedule], logger: Logger) throws {
        try self.init(
            queue: queue, schedules: schedules, logger: logger, clock: SystemSchedulerClock(), script: Self.script)
    }

    /// With another clock, and a script that takes the time from elsewhere: for tests.
    package init(
        queue: JobQueue, schedules: [JobSchedule], logger: Logger, clock: any SchedulerClock, script: RedisScript
    ) throws {
        var names: Set<String> = []
        for schedule in schedules {
            try schedule.validate()
            guard names.insert(schedule.name).inserted else {
                throw JobQueueError(.invalidSchedule, "schedule '\(schedule.name)': two entries have this name.")
            }
        }
        self.queue = queue
        self.schedules = schedules
        self.logger = logger
        self.clock = clock
        linked = script
    }

    /// Enqueues ticks until graceful shutdown or cancellation.
    ///
    /// - Throws: `JobQueueError` with `.schemaMismatch`. A Redis that can't be reached is waited for.
    public func run() async throws {
        var entries: [Entry] = []
        for schedule in schedules {
            let definition = ScheduleDefinition(schedule)
            entries.append(Entry(schedule: schedule, definition: try definition.text, timing: definition.timing))
        }
        let made = entries
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await self.listen() }
                group.addTask { try await self.work(made) }
                // Only the work's failure ends a scheduler before it is stopped.
                defer { group.cancelAll() }
                try await group.next()
                try await group.next()
            }
        }
    }

    private func work(_ entries: [Entry]) async throws {
        var round = ScheduleRound(scheduler: self, entries: entries)
        var pause = RetryPause()
        var isPrepared = false
        var isReported = false
        while !Task.isCancelled {
            do {
                if !isPrepared { try await queue.prepare() }
                isPrepared = true
                // Taken back before the look, so that what is wanted meanwhile is looked for again.
                if isLookWanted.exchange(false, ordering: .sequentiallyConsistent) || round.isLookDue {
                    try await round.look()
                }
                try await round.act()
                pause.reset()
                if isReported { logger.info("schedules go on") }
                isReported = false
                await sleep(round.pause())
            } catch let error as JobQueueError where error.code == .schemaMismatch {
                throw error
            } catch {
                if Task.isCancelled { return }
                if !isReported { logger.warning("schedules wait for Redis", metadata: ["error": "\(error)"]) }
                isReported = true
                isLookWanted.store(true, ordering: .sequentiallyConsistent)
                await pause.wait()
            }
        }
    }

    /// Until the time is over, a message came or the task is cancelled.
    private func sleep(_ milliseconds: Int64) async {
        guard milliseconds > 0, !Task.isCancelled else { return }
        let timer = Task {
            // Cancelled when something else ended the sleep: then nobody is to be woken.
            guard (try? await clock.sleep(milliseconds: milliseconds)) != nil else { return }
            wake.fire()
        }
        await withTaskCancellationHandler {
            await wake.wait()
        } onCancel: {
            wake.fire()
        }
        timer.cancel()
        await timer.value
    }

    /// What operators want comes over the control channel; what is lost on the way is found by the next look.
    private func listen() async {
        var pause = RetryPause()
        while !Task.isCancelled {
            do {
                for await event in try await queue.redis.subscribe(to: [queue.keys.control]) {
                    pause.reset()
                    if case .message(_, let payload) = event, !payload.starts(with: "cron ".utf8) { continue }
                    isLookWanted.store(true, ordering: .sequentiallyConsistent)
                    wake.fire()
                }
            } catch {
                logger.debug("the control channel is not heard", metadata: ["error": "\(error)"])
            }
            await pause.wait()
        }
    }

    /// The id of the job of a run that an operator wanted.
    static func manualID(_ name: String, _ request: String) -> JobID { JobID("cron.\(name).run.\(request)") }
}
