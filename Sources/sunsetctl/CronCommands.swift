import ArgumentParser
import Assembly
import JobQueue

struct CronList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "The periodic jobs, with their next and last run.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            let schedules = try await inspector.schedules()
            guard !common.json else { return try common.printJSON(schedules) }
            var table = Table([
                "NAME", "VERSION", "STATE", "WHEN", "ZONE", "QUEUE", "NEXT", "LAST TICK", "LAST JOB", "SEEN",
            ])
            let now = try await inspector.now()
            for schedule in schedules {
                table.add([
                    schedule.name, "\(schedule.version)", state(of: schedule, at: now), schedule.expression,
                    schedule.timeZone, schedule.queue,
                    Show.time(schedule.nextTick), Show.time(schedule.lastTick), schedule.lastJob?.rawValue ?? "–",
                    Show.time(schedule.seenAt),
                ])
            }
            table.write()
        }
    }

    private func state(of schedule: ScheduleRecord, at now: Int64) -> String {
        if !schedule.isEnabled { return "off" }
        if schedule.pausedAt != nil { return "paused" }
        return schedule.isForgotten(at: now) ? "forgotten" : "active"
    }
}

struct CronHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "The last ticks of a periodic job, at most 50.")
    @Argument(help: "The periodic job.", completion: Offered.schedule) var name: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await inspector.requireSchedule(name)
            let ticks = try await inspector.scheduleHistory(name)
            guard !common.json else { return try common.printJSON(ticks) }
            var table = Table(["TICK", "AT", "OUTCOME", "TICKS", "QUEUE", "JOB"])
            for tick in ticks {
                table.add([
                    Show.time(tick.tick), Show.time(tick.at), tick.outcome.rawValue, "\(tick.count)", tick.queue ?? "–",
                    tick.job?.rawValue ?? "–",
                ])
            }
            table.write()
        }
    }
}

struct CronRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a periodic job now, also while it is paused.",
        discussion: "A worker process enqueues it; if none hears of it within ten minutes, nothing happens.")
    @Argument(help: "The periodic job.", completion: Offered.schedule) var name: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await inspector.requireSchedule(name)
            guard let id = try await inspector.runScheduleNow(name) else {
                throw CommonOptions.refuse("'\(name)' was forgotten in between")
            }
            try common.report("wanted as job \(id)", ["name": name, "job": id.rawValue])
        }
    }
}

struct CronPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stops a periodic job's ticks.")
    @Argument(help: "The periodic job.", completion: Offered.schedule) var name: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await inspector.requireSchedule(name)
            let changed = try await inspector.pauseSchedule(name)
            try common.report(changed ? "paused" : "was paused already", ["name": name, "state": "paused"])
        }
    }
}

struct CronResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets a periodic job have its ticks again; those of the pause are dropped.")
    @Argument(help: "The periodic job.", completion: Offered.schedule) var name: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await inspector.requireSchedule(name)
            let changed = try await inspector.resumeSchedule(name)
            try common.report(changed ? "resumed" : "was not paused", ["name": name, "state": "active"])
        }
    }
}

struct CronForget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Removes a periodic job's entry and history.",
        discussion: "A process that still has it declares it anew within half a minute: so an older version takes over."
    )
    @Argument(help: "The periodic job.", completion: Offered.schedule) var name: String
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await inspector.requireSchedule(name)
            try consent.ask("Forget the periodic job \(name) and its history?")
            try await inspector.forgetSchedule(name)
            try common.report("forgotten", ["name": name, "state": "forgotten"])
        }
    }
}

extension QueueInspector {
    /// Ends the command if there is no such entry.
    fileprivate func requireSchedule(_ name: String) async throws {
        let known = try await schedules().map(\.name)
        guard !known.contains(name) else { return }
        CommonOptions.complain("there is no periodic job '\(name)'; there are: \(known.joined(separator: ", "))")
        throw ExitCode(1)
    }
}
