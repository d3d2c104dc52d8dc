public import Foundation

/// When something periodic happens: the five fields of cron, a macro, or an interval.
///
/// - `minute hour day-of-month month day-of-week` as in Vixie cron, with names, ranges, steps and lists: `*/15 8-18 *
///   * MON-FRI`. A sixth field in front gives seconds. If neither field of days begins with `*`, a day that either
///   names is taken.
/// - In the day of the month also `?`, `L`, `L-n`, `nW` and `LW`, in the day of the week `?`, `dL` (the last such day)
///   and `d#n` (the n-th).
/// - `@hourly`, `@daily` (`@midnight`), `@weekly`, `@monthly`, `@yearly` (`@annually`).
/// - `@every 90s` (`d`, `h`, `m`, `s`, as in `1h30m`): the multiples of the interval since 1 January 1970 in UTC, so
///   that every process agrees without a word. No time zone matters.
///
/// **When the clocks change**, as cron(8) does it:
/// - Put forward: an entry whose hours are restricted and that has times among the skipped ones runs once, at the
///   first instant after the gap. One that runs in every hour just goes on.
/// - Put back: an entry whose seconds, minutes or hours begin with `*` runs in both passes of the repeated hour; a list
///   of fixed times runs in the first.
public struct CronExpression: Sendable, Hashable, CustomStringConvertible {
    private enum Kind: Sendable, Hashable {
        case times(CronTimes)
        case interval(seconds: Int64)
    }

    /// The text as it was given.
    public let text: String
    /// The IANA name of the time zone that the fields are read in.
    public let timeZone: String
    private let kind: Kind
    private let zone: CronZone

    /// Reads an expression.
    ///
    /// - Parameter timeZone: an IANA name such as `Europe/Berlin`.
    /// - Throws: `JobQueueError` with `.invalidSchedule`: the field, the text and what is allowed. A date that never
    ///   comes (30 February) is refused.
    public init(_ text: String, timeZone: String = "UTC") throws {
        guard let found = TimeZone(identifier: timeZone) else {
            throw JobQueueError(
                .invalidSchedule, "time zone '\(timeZone)': allowed are IANA names, such as UTC or Europe/Berlin.")
        }
        self.text = text
        self.timeZone = timeZone
        zone = CronZone(zone: found)
        kind = try Self.parse(text)
    }

    /// An interval, as `@every`.
    ///
    /// - Throws: `JobQueueError` with `.invalidSchedule` unless it is a positive number of whole seconds.
    public static func every(_ interval: Duration) throws -> CronExpression {
        let (seconds, rest) = interval.components
        guard rest == 0 else {
            throw JobQueueError(.invalidSchedule, "interval '\(interval)': whole seconds are allowed.")
        }
        return try CronExpression("@every \(seconds)s")
    }

    /// The text, and the time zone where there is one.
    public var description: String {
        switch kind {
        case .times: "\(text) \(timeZone)"
        case .interval: text
        }
    }

    /// The first instant of the expression after another; whole seconds.
    public func next(after date: Date) -> Date {
        let after = Int64(date.timeIntervalSince1970.clamped.rounded(.down))
        return next(after: after).map { Date(timeIntervalSince1970: Double($0)) } ?? .distantFuture
    }

    /// The last instant of the expression before another; whole seconds.
    public func previous(before date: Date) -> Date {
        let before = Int64(date.timeIntervalSince1970.clamped.rounded(.up))
        return previous(before: before).map { Date(timeIntervalSince1970: Double($0)) } ?? .distantPast
    }

    private static func parse(_ text: String) throws -> Kind {
        let words = text.split { $0 == " " || $0 == "\t" }
        guard words.first?.hasPrefix("@") == true else {
            guard words.count == 5 || words.count == 6 else {
                throw JobQueueError(
                    .invalidSchedule,
                    "cron expression '\(text)': it has \(words.count) fields; allowed are five (minute, hour, day of the "
                        + "month, month, day of the week), six with seconds in front, or a macro such as @hourly.")
            }
            return .times(try CronTimes(fields: words.count == 5 ? ["0"] + words : words))
        }
        if words[0].lowercased() == "@every" {
            return .interval(seconds: try interval(words.count == 2 ? words[1] : "", text))
        }
        guard words.count == 1, let fields = macros[words[0].lowercased()] else {
            throw JobQueueError(
                .invalidSchedule,
                "macro '\(text)': allowed are \(macros.keys.sorted().joined(separator: ", ")) and @every with an interval; "
                    + "@reboot has no meaning for jobs of many hosts.")
        }
        return .times(try CronTimes(fields: ["0"] + fields.split(separator: " ")))
    }

    private static let macros = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    /// Numbers with units, the longest first: `1d`, `1h30m`, `90s`.
    private static func interval(_ text: Substring, _ whole: String) throws -> Int64 {
        let units: [(Character, Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
        var rest = text
        var seconds: Int64 = 0
        for (unit, length) in units {
            guard let mark = rest.firstIndex(of: unit), let number = CronField.number(rest[..<mark]) else { continue }
            seconds += Int64(number) * length
            rest = rest[rest.index(after: mark)...]
        }
        guard rest.isEmpty, (1...366 * 86_400).contains(seconds) else {
            throw JobQueueError(
                .invalidSchedule,
                "interval '\(whole)': allowed is '@every' with 1 second to 366 days, as 45s, 15m, 1h30m or 1d.")
        }
        return seconds
    }
}

// MARK: - Instants

extension CronExpression {
    /// The first instant after another; `nil` only beyond what a calendar of years can say.
    func next(after instant: Int64) -> Int64? {
        guard case .times(let times) = kind else {
            guard case .interval(let seconds) = kind else { return nil }
            return (instant.flooredDivision(by: seconds) + 1) * seconds
        }
        var after = instant
        while true {
            // A local time is at most `widest` away from its instants: nothing happens before the next one's earliest.
            guard let local = times.next(after: after - CronZone.widest) else { return nil }
            after = max(after, local - CronZone.widest - 1)
            let through = after + CronZone.span
            if let found = first(times, after: after, through: through) { return found }
            after = through
        }
    }

    /// The last instant before another.
    func previous(before instant: Int64) -> Int64? {
        guard case .times(let times) = kind else {
            guard case .interval(let seconds) = kind else { return nil }
            return (instant - 1).flooredDivision(by: seconds) * seconds
        }
        var through = instant - 1
        while true {
            // The end of a gap can be a gap's length, a day at most, behind the local time that it stands for.
            let reach = CronZone.widest + CronZone.span
            guard let local = times.previous(before: through + reach + 1) else { return nil }
            through = min(through, local + reach)
            let after = through - CronZone.span
            if let found = last(times, after: after, through: through) { return found }
            through = after
        }
    }

    /// The first instant in `(after, through]`, in which the offset changes at most once.
    private func first(_ times: CronTimes, after: Int64, through: Int64) -> Int64? {
        let (before, behind) = (zone.offset(at: after), zone.offset(at: through))
        guard before != behind else { return first(times, after: after, through: through, offset: before) }
        let change = zone.change(after: after, through: through)
        if let found = first(times, after: after, through: change - 1, offset: before) { return found }
        if runsAfterGap(times, at: change, from: before, to: behind) { return change }
        return first(times, after: change - 1, through: through, offset: behind)
    }

    private func last(_ times: CronTimes, after: Int64, through: Int64) -> Int64? {
        let (before, behind) = (zone.offset(at: after), zone.offset(at: through))
        guard before != behind else { return last(times, after: after, through: through, offset: before) }
        let change = zone.change(after: after, through: through)
        if let found = last(times, after: change - 1, through: through, offset: behind) { return found }
        if runsAfterGap(times, at: change, from: before, to: behind) { return change }
        return last(times, after: after, through: change - 1, offset: before)
    }

    /// Whether the clocks skip times here that an entry with restricted hours must not lose.
    private func runsAfterGap(_ times: CronTimes, at change: Int64, from before: Int64, to behind: Int64) -> Bool {
        guard behind > before, !times.isHourly, let lost = times.next(after: change + before - 1) else { return false }
        return lost < change + behind
    }

    /// Within one offset local times and instants run in step.
    private func first(_ times: CronTimes, after: Int64, through: Int64, offset: Int64) -> Int64? {
        var local = after + offset
        while let found = times.next(after: local), found - offset <= through {
            if times.isInterval || !zone.isSecond(found - offset) { return found - offset }
            local = found
        }
        return nil
    }

    private func last(_ times: CronTimes, after: Int64, through: Int64, offset: Int64) -> Int64? {
        var local = through + offset + 1
        while let found = times.previous(before: local), found - offset > after {
            if times.isInterval || !zone.isSecond(found - offset) { return found - offset }
            local = found
        }
        return nil
    }
}

extension Double {
    /// Within the years 1 to 9999, which is what calendars agree on.
    fileprivate var clamped: Double { Swift.min(Swift.max(self, -62_135_596_800), 253_402_300_799) }
}
