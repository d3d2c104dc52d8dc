/// The local times of a cron expression, as seconds since 1 January 1970, 0:00 local time: no time zone is known here.
struct CronTimes: Sendable, Hashable {
    private let seconds: UInt64
    private let minutes: UInt64
    private let hours: UInt64
    private let months: UInt64
    private let days: CronDays
    /// The seconds, minutes or hours begin with `*`: the entry is an interval, not a list of fixed times.
    let isInterval: Bool
    /// It runs in every hour of its days.
    let isHourly: Bool

    /// Reads the fields, with the seconds first.
    init(fields: [Substring]) throws {
        seconds = try CronField.second.parse(fields[0])
        minutes = try CronField.minute.parse(fields[1])
        hours = try CronField.hour.parse(fields[2])
        days = try CronDays(day: fields[3], weekday: fields[5])
        months = try CronField.month.parse(fields[4])
        isInterval = fields[0...2].contains { $0.hasPrefix("*") }
        isHourly = hours == (1 << 24) - 1
        // The calendar repeats after 400 years: what is not in them never comes.
        guard nextDay(from: 0) != nil else {
            throw JobQueueError(
                .invalidSchedule,
                "day of the month '\(fields[3])', month '\(fields[4])', day of the week '\(fields[5])': no year has such "
                    + "a day.")
        }
    }

    /// The first local time after another.
    func next(after time: Int64) -> Int64? {
        let day = (time + 1).flooredDivision(by: 86_400)
        guard let found = nextDay(from: day) else { return nil }
        if found == day {
            if let second = nextSecond(from: Int(time + 1 - day * 86_400)) { return day * 86_400 + second }
            return nextDay(from: day + 1).map { $0 * 86_400 + firstSecond }
        }
        return found * 86_400 + firstSecond
    }

    /// The last local time before another.
    func previous(before time: Int64) -> Int64? {
        let day = (time - 1).flooredDivision(by: 86_400)
        guard let found = previousDay(from: day) else { return nil }
        if found == day {
            if let second = previousSecond(from: Int(time - 1 - day * 86_400)) { return day * 86_400 + second }
            return previousDay(from: day - 1).map { $0 * 86_400 + lastSecond }
        }
        return found * 86_400 + lastSecond
    }

    private func nextDay(from day: Int64) -> Int64? {
        var date = CivilDate(epochDay: day)
        for _ in 0...4800 {
            if months & 1 << UInt64(date.month) != 0,
                let found = days.mask(year: date.year, month: date.month).firstBit(from: date.day)
            {
                return CivilDate(year: date.year, month: date.month, day: found).epochDay
            }
            date =
                date.month == 12
                ? CivilDate(year: date.year + 1, month: 1, day: 1)
                : CivilDate(year: date.year, month: date.month + 1, day: 1)
        }
        return nil
    }

    private func previousDay(from day: Int64) -> Int64? {
        var date = CivilDate(epochDay: day)
        for _ in 0...4800 {
            if months & 1 << UInt64(date.month) != 0,
                let found = days.mask(year: date.year, month: date.month).lastBit(through: date.day)
            {
                return CivilDate(year: date.year, month: date.month, day: found).epochDay
            }
            date =
                date.month == 1
                ? CivilDate(year: date.year - 1, month: 12, day: 31)
                : CivilDate(year: date.year, month: date.month - 1, day: 31)
        }
        return nil
    }

    private var firstSecond: Int64 { nextSecond(from: 0) ?? 0 }

    private var lastSecond: Int64 { previousSecond(from: 86_399) ?? 0 }

    /// The first time of a day from one on.
    private func nextSecond(from time: Int) -> Int64? {
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
        if hours & 1 << UInt64(hour) != 0 {
            if minutes & 1 << UInt64(minute) != 0, let found = seconds.firstBit(from: second) {
                return Int64(hour * 3600 + minute * 60 + found)
            }
            if let found = minutes.firstBit(from: minute + 1) {
                return Int64(hour * 3600 + found * 60 + seconds.trailingZeroBitCount)
            }
        }
        guard let found = hours.firstBit(from: hour + 1) else { return nil }
        return Int64(found * 3600 + minutes.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount)
    }

    /// The last time of a day up to one.
    private func previousSecond(from time: Int) -> Int64? {
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
        if hours & 1 << UInt64(hour) != 0 {
            if minutes & 1 << UInt64(minute) != 0, let found = seconds.lastBit(through: second) {
                return Int64(hour * 3600 + minute * 60 + found)
            }
            if let found = minutes.lastBit(through: minute - 1) {
                return Int64(hour * 3600 + found * 60 + 63 - seconds.leadingZeroBitCount)
            }
        }
        guard let found = hours.lastBit(through: hour - 1) else { return nil }
        return Int64(found * 3600 + (63 - minutes.leadingZeroBitCount) * 60 + 63 - seconds.leadingZeroBitCount)
    }
}
