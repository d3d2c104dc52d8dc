internal import Foundation
internal import RedisClient

extension QueueInspector {
    static let scheduleScript = Linker.script(
        "cron_admin", PackageResources.cron_admin_lua, flags: "allow-oom")

    /// The periodic entries, by name.
    public func schedules() async throws -> [ScheduleRecord] {
        let keys = queue.keys
        let replies = try await read([
            RedisCommand("ZRANGE", RedisArgument(keys.schedules), 0, -1, "WITHSCORES"), RedisCommand("TIME"),
        ])
        let entries = replies[0].scoredMembers.sorted { $0.member < $1.member }
        let now = (replies[1][0].int ?? 0) * 1000
        let fields = try await read(entries.map { RedisCommand("HGETALL", RedisArgument(keys.schedule($0.member))) })
        return zip(entries, fields).compactMap { entry, fields in
            ScheduleRecord(name: entry.member, seenAt: entry.score, fields: fields.fields, now: Int64(now))
        }
    }

    /// The latest ticks of an entry, the latest first; at most 50 are kept.
    public func scheduleHistory(_ name: String, limit: Int = 50) async throws -> [ScheduleTick] {
        let command = RedisCommand(
            "LRANGE", RedisArgument(queue.keys.scheduleLog(name)), 0, RedisArgument(max(1, limit) - 1))
        return (try await read([command])[0].array ?? []).compactMap { $0.string.flatMap { ScheduleTick(line: $0) } }
    }

    /// Stops an entry's ticks; `false` if there is no such entry or it is paused already.
    @discardableResult
    public func pauseSchedule(_ name: String) async throws -> Bool {
        try await changeSchedule("pause", name).int == 1
    }

    /// Lets an entry have its ticks again; `false` if it was not paused.
    ///
    /// Those of the pause are dropped.
    @discardableResult
    public func resumeSchedule(_ name: String) async throws -> Bool {
        try await changeSchedule("resume", name).int == 1
    }

    /// Wants one run of an entry now, also while it is paused: the next scheduler that hears of it enqueues the job.
    ///
    /// - Returns: the id that the job will have, `nil` if there is no such entry. A wish that no scheduler hears within
    ///   ten minutes lapses; one that waits is not doubled.
    @discardableResult
    public func runScheduleNow(_ name: String) async throws -> JobID? {
        try await changeSchedule("run", name).string.map { JobScheduler.manualID(name, $0) }
    }

    /// Removes an entry with its history; a scheduler that still has it declares it anew, from now on.
    ///
    /// Also the way back to an older version after a newer one has run.
    @discardableResult
    public func forgetSchedule(_ name: String) async throws -> Bool {
        try await changeSchedule("forget", name).int == 1
    }

    private func changeSchedule(_ operation: String, _ name: String) async throws -> RESPValue {
        let arguments = [
            RedisArgument(operation), RedisArgument(name), RedisArgument(SortableID.make(prefix: "")),
        ]
        // Repeating does no harm: a wish that waits is not doubled.
        return try await evaluate(Self.scheduleScript, arguments, retry: .safe)
    }
}

/// What is known of an entry besides its state, as it stands in Redis for people and for ``QueueInspector``.
struct ScheduleDefinition: Codable, Sendable, Equatable {
    var expression: String
    var timeZone: String
    var catchUp: String
    var limit: Int?
    var maximumLateness: Int64?
    var spread: Int64
    var type: String
    var queue: String
    var isEnabled: Bool

    init(_ schedule: JobSchedule) {
        expression = schedule.expression.text
        timeZone = schedule.expression.timeZone
        switch schedule.catchUp {
        case .none: catchUp = "none"
        case .latest: catchUp = "latest"
        case .all(let limit):
            catchUp = "all"
            self.limit = limit
        }
        maximumLateness = schedule.maximumLateness?.milliseconds
        spread = schedule.spread.milliseconds
        type = schedule.typeName
        queue = schedule.queueName
        isEnabled = schedule.isEnabled
    }

    /// The same text for the same definition.
    var text: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// What decides about the ticks; when it changes, older ticks were nobody's.
    var timing: String { "\(isEnabled ? "on" : "off")|\(timeZone)|\(expression)" }
}

extension ScheduleRecord {
    /// Reads an entry; `nil` if it is gone or of a form that this version does not know.
    init?(name: String, seenAt: Int64, fields: [String: String], now: Int64) {
        func number(_ field: String) -> Int64? { fields[field].flatMap { Int64($0) } }
        guard let version = number("version"), let text = fields["definition"],
            // One that can't be read is another program's and not shown.
            let definition = try? JSONDecoder().decode(ScheduleDefinition.self, from: Data(text.utf8))
        else { return nil }
        let pausedAt = number("paused")
        var nextTick: Int64?
        // An expression of a newer version, perhaps: its next tick is not known here.
        if definition.isEnabled, pausedAt == nil,
            let expression = try? CronExpression(definition.expression, timeZone: definition.timeZone)
        {
            let settled = max(number("tick") ?? now, now - 1000)
            nextTick = expression.next(after: settled.flooredDivision(by: 1000)).map { $0 * 1000 }
        }
        self.init(
            name: name, version: Int(version), expression: definition.expression, timeZone: definition.timeZone,
            catchUp: definition.catchUp, type: definition.type, queue: fields["queue"] ?? definition.queue,
            isEnabled: definition.isEnabled, pausedAt: pausedAt, nextTick: nextTick, lastTick: number("last"),
            lastRunAt: number("ran"), lastJob: fields["job"].map { JobID($0) }, seenAt: seenAt)
    }
}

extension ScheduleTick {
    /// Reads a line of the log (`Lua/cron.lua`).
    init?(line: String) {
        let words = line.split(separator: " ")
        guard words.count == 6, let tick = Int64(words[0]), let at = Int64(words[1]),
            let outcome = Outcome(rawValue: String(words[2])), let count = Int(words[3])
        else { return nil }
        self.init(
            tick: tick, at: at, outcome: outcome, count: count, queue: words[4] == "-" ? nil : String(words[4]),
            job: words[5] == "-" ? nil : JobID(String(words[5])))
    }
}
