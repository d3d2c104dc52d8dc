internal import Foundation
internal import Logging
internal import RedisClient

/// What a scheduler knows, and the commands that it sends.
struct ScheduleRound {
    private let scheduler: JobScheduler
    private var entries: [JobScheduler.Entry]
    /// Redis's time less this process's.
    private var offset: Int64 = 0
    private var lookedAt: Int64?
    private var takesOver = true

    init(scheduler: JobScheduler, entries: [JobScheduler.Entry]) {
        self.scheduler = scheduler
        self.entries = entries
    }

    /// Redis's time as far as it is known: exact at a reply, as good as this process's clock from there.
    private var now: Int64 { scheduler.clock.milliseconds() + offset }

    var isLookDue: Bool {
        guard let lookedAt else { return true }
        let passed = scheduler.clock.milliseconds() - lookedAt
        // A clock that went backwards says nothing.
        return passed >= JobScheduler.lookInterval || passed < 0
    }

    /// How long there is nothing to do.
    func pause() -> Int64 {
        let look = (lookedAt ?? 0) + JobScheduler.lookInterval - scheduler.clock.milliseconds()
        let next = entries.compactMap { $0.next() }.min().map { $0 - now }
        return max(0, min(look, next ?? look))
    }

    /// Declares all entries and learns how they stand.
    mutating func look() async throws {
        var arguments: [RedisArgument] = ["look", takesOver ? "1" : "0", RedisArgument(JobScheduler.forgetAfter)]
        for entry in entries {
            arguments.append(RedisArgument(entry.schedule.name))
            arguments.append(RedisArgument(entry.schedule.version))
            arguments.append(RedisArgument(entry.timing))
            arguments.append(RedisArgument(entry.definition))
        }
        let reply = try await send(arguments)
        guard let parts = reply.array, parts.count == entries.count + 1 else {
            throw JobQueueError(.unexpectedReply, "cron answered \(reply)")
        }
        for index in entries.indices { try take(parts[index + 1], index) }
        lookedAt = scheduler.clock.milliseconds()
        takesOver = false
    }

    /// Enqueues what is due and what operators want.
    mutating func act() async throws {
        for index in entries.indices where entries[index].isOurs && entries[index].notBefore <= now {
            if !entries[index].wanted.isEmpty { try await runWanted(index) }
            try await advance(index)
        }
    }

    private mutating func advance(_ index: Int) async throws {
        let entry = entries[index]
        guard entry.isOurs, !entry.isPaused, let due = entry.schedule.due(after: entry.settled, at: now) else { return }
        var settled = entry.settled
        var rest = due.run[...]
        repeat {
            let ticks = rest.prefix(JobScheduler.batch)
            rest = rest.dropFirst(ticks.count)
            guard let jobs = await prepared(index, { try ticks.map { try entry.schedule.job(at: $0) } }) else { return }
            // The last call settles all that is due, also what is dropped.
            let after = rest.isEmpty ? due.latest : ticks.last ?? due.latest
            var arguments = opening("advance", entry)
            arguments.append(RedisArgument(settled))
            arguments.append(RedisArgument(after))
            arguments.append(RedisArgument(settled == entry.settled ? due.dropped : 0))
            arguments.append(RedisArgument(jobs.count))
            arguments += ticks.map { RedisArgument($0) }
            for job in jobs { job.append(to: &arguments) }
            let reply = try await send(arguments)
            try take(reply[1], index)
            guard entries[index].code == "ok" else { return }
            note(jobs, reply)
            if settled == entry.settled, due.dropped > 0 {
                scheduler.logger.notice(
                    "ticks of a schedule were dropped",
                    metadata: ["schedule": "\(entry.schedule.name)", "count": "\(due.dropped)"])
            }
            settled = after
        } while !rest.isEmpty
    }

    private mutating func runWanted(_ index: Int) async throws {
        let entry = entries[index]
        let id = JobScheduler.manualID(entry.schedule.name, entry.wanted)
        let time = now
        guard let jobs = await prepared(index, { [try entry.schedule.job(at: time, id: id)] }) else { return }
        var arguments = opening("run", entry)
        arguments.append(RedisArgument(entry.wanted))
        jobs[0].append(to: &arguments)
        let reply = try await send(arguments)
        try take(reply[1], index)
        // Whoever has served it, it is served; a look finds a new wish.
        entries[index].wanted = ""
        note(jobs, reply)
    }

    private func opening(_ operation: String, _ entry: JobScheduler.Entry) -> [RedisArgument] {
        [
            RedisArgument(operation), RedisArgument(entry.schedule.name), RedisArgument(entry.schedule.version),
            RedisArgument(entry.definition),
        ]
    }

    /// The jobs as the producers' middleware leaves them; `nil` after an error, which is logged and tried again later.
    private mutating func prepared(_ index: Int, _ make: () throws -> [PreparedJob]) async -> [PreparedJob]? {
        do {
            return try await scheduler.queue.throughMiddleware(make())
        } catch {
            entries[index].notBefore = now + JobScheduler.lookInterval
            scheduler.logger.error(
                "a schedule's job could not be prepared",
                metadata: ["schedule": "\(entries[index].schedule.name)", "error": "\(error)"])
            return nil
        }
    }

    private func note(_ jobs: [PreparedJob], _ reply: RESPValue) {
        for (position, job) in jobs.enumerated() where reply[position + 2].int == 1 {
            scheduler.queue.metrics.of(job.queue).count(.enqueued)
            scheduler.logger.debug("a schedule's job was enqueued", metadata: ["job": "\(job.id)"])
        }
    }

    /// Reads how an entry stands, as every reply says it.
    private mutating func take(_ state: RESPValue, _ index: Int) throws {
        guard let code = state[0].string, let settled = state[1].int, let paused = state[2].int,
            let wanted = state[3].string
        else { throw JobQueueError(.unexpectedReply, "cron answered \(state)") }
        if code != entries[index].code { report(code, index) }
        entries[index].code = code
        entries[index].settled = Int64(settled)
        entries[index].isPaused = paused == 1
        entries[index].wanted = wanted
        // Forgotten meanwhile, or taken over: the next look says so, and declares it where it may.
        entries[index].isOurs = ["ok", "moved", "paused", "early"].contains(code)
        if code == "unknown" { lookedAt = nil }
    }

    private func report(_ code: String, _ index: Int) {
        let schedule = entries[index].schedule
        switch code {
        case "older":
            scheduler.logger.warning(
                "a newer version of a schedule is in force: this one stands by until it is forgotten",
                metadata: ["schedule": "\(schedule.name)", "version": "\(schedule.version)"])
        case "other":
            scheduler.logger.warning(
                "another definition of a schedule is in force under the same version: this one stands by",
                metadata: ["schedule": "\(schedule.name)", "version": "\(schedule.version)"])
        default: break
        }
    }

    private mutating func send(_ arguments: [RedisArgument]) async throws -> RESPValue {
        do {
            // A repeated call finds the tick moved or the wish served: by itself, the first time.
            let reply = try await scheduler.queue.redis.eval(
                scheduler.linked, keys: [scheduler.queue.keys.anchor], arguments: arguments, retry: .safe)
            guard let now = reply[0].int else {
                throw JobQueueError(.unexpectedReply, "cron answered \(reply)")
            }
            // Redis's time is at most as old as the reply was under way: ticks come late by that, never early.
            offset = Int64(now) - scheduler.clock.milliseconds()
            return reply
        } catch let error as RedisError {
            throw JobQueueError(error)
        }
    }
}
