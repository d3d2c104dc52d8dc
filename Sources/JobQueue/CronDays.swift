/// The days of a month on which a cron expression has its times.
///
/// As in Vixie cron: if neither field of days begins with `*` (or is `?`), a day that either names is taken; else one
/// that both name.
struct CronDays: Sendable, Hashable {
    /// Days 1 to 31 as bits.
    private var days: UInt64 = 0
    /// `L-n` as bits of n; `L` is `L-0`.
    private var fromLast: UInt64 = 0
    /// `nW` as bits of n.
    private var nearest: UInt64 = 0
    private var lastWeekdayOfMonth = false
    /// 0 for Sunday to 6 as bits.
    private var weekdays: UInt64 = 0
    /// `dL` as bits of d.
    private var lastOf: UInt64 = 0
    /// `d#n` as bits of d, for each n from 1.
    private var nth: [UInt64] = [0, 0, 0, 0, 0]
    private let takesEither: Bool

    init(day: Substring, weekday: Substring) throws {
        takesEither = ![day, weekday].contains { $0.hasPrefix("*") || $0 == "?" }
        days = try CronField.day.parse(day == "?" ? "*" : day) { try takeDay($0) }
        weekdays = try CronField.weekday.parse(weekday == "?" ? "*" : weekday) { try takeWeekday($0) }
    }

    private mutating func takeDay(_ item: Substring) throws -> Bool {
        let text = item.uppercased()[...]
        if text == "LW" || text == "WL" {
            lastWeekdayOfMonth = true
        } else if text == "L" {
            fromLast |= 1
        } else if text.hasPrefix("L-") {
            guard let before = CronField.number(text.dropFirst(2)), before <= 30 else {
                throw CronField.day.error(item, "L-n goes up to 30 days before the last")
            }
            fromLast |= 1 << UInt64(before)
        } else if text.hasSuffix("W") {
            nearest |= 1 << UInt64(try CronField.day.value(item.dropLast()))
        } else {
            return false
        }
        return true
    }

    private mutating func takeWeekday(_ item: Substring) throws -> Bool {
        if let mark = item.firstIndex(of: "#") {
            let day = try CronField.weekday.value(item[..<mark]) % 7
            guard let number = CronField.number(item[item.index(after: mark)...]), (1...5).contains(number) else {
                throw CronField.weekday.error(item, "a month has a day of the week at most five times")
            }
            nth[number - 1] |= 1 << UInt64(day)
        } else if item.count > 1, item.last == "L" || item.last == "l" {
            lastOf |= 1 << UInt64(try CronField.weekday.value(item.dropLast()) % 7)
        } else {
            return false
        }
        return true
    }

    /// The days of a month as bits, from bit 1 on.
    func mask(year: Int64, month: Int) -> UInt64 {
        let count = CivilDate.daysInMonth(year: year, month: month)
        let first = CivilDate(year: year, month: month, day: 1).weekday
        let all: UInt64 = (1 << UInt64(count + 1)) - 2
        let byDay = daysOfMonth(count: count, first: first, all: all)
        let byWeekday = daysOfWeeks(count: count, first: first)
        return takesEither ? byDay | byWeekday : byDay & byWeekday
    }

    private func daysOfMonth(count: Int, first: Int, all: UInt64) -> UInt64 {
        var bits = days & all
        for before in Bits(fromLast) where before < count { bits |= 1 << UInt64(count - before) }
        for day in Bits(nearest) where day <= count {
            bits |= 1 << UInt64(Self.nearestWorkday(to: day, count: count, first: first))
        }
        if lastWeekdayOfMonth { bits |= 1 << UInt64(Self.nearestWorkday(to: count, count: count, first: first)) }
        return bits
    }

    private func daysOfWeeks(count: Int, first: Int) -> UInt64 {
        var bits: UInt64 = 0
        for day in 1...count {
            let weekday: UInt64 = 1 << UInt64((first + day - 1) % 7)
            let isTaken =
                weekdays & weekday != 0 || nth[(day - 1) / 7] & weekday != 0
                || (day + 7 > count && lastOf & weekday != 0)
            if isTaken { bits |= 1 << UInt64(day) }
        }
        return bits
    }

    /// Monday to Friday, in the same month.
    private static func nearestWorkday(to day: Int, count: Int, first: Int) -> Int {
        switch (first + day - 1) % 7 {
        case 6: day == 1 ? 3 : day - 1
        case 0: day == count ? day - 2 : day + 1
        default: day
        }
    }
}

/// The numbers of the bits that are set, from the lowest.
struct Bits: Sequence, IteratorProtocol {
    private var rest: UInt64

    init(_ bits: UInt64) { rest = bits }

    mutating func next() -> Int? {
        guard rest != 0 else { return nil }
        defer { rest &= rest - 1 }
        return rest.trailingZeroBitCount
    }
}

extension UInt64 {
    /// The lowest bit that is set, from `lowest` on.
    func firstBit(from lowest: Int) -> Int? {
        guard lowest < 64 else { return nil }
        let rest = self & (.max << UInt64(Swift.max(0, lowest)))
        return rest == 0 ? nil : rest.trailingZeroBitCount
    }

    /// The highest bit that is set, up to `highest`.
    func lastBit(through highest: Int) -> Int? {
        guard highest >= 0 else { return nil }
        let rest = highest >= 63 ? self : self & ((1 << UInt64(highest + 1)) - 1)
        return rest == 0 ? nil : 63 - rest.leadingZeroBitCount
    }
}
