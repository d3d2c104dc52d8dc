import Foundation
import JobQueue
import Testing

/// Random expressions against a scan of every minute, which knows nothing of how the library searches.
@Suite("Cron expressions and a scan of every minute agree")
struct CronPropertyTests {
    /// Windows of days around changes of the clocks, leap days and the turn of a year.
    private static let windows: [(zone: String, start: String, days: Int)] = [
        ("Europe/Berlin", "2026-03-28T00:00:00Z", 3),
        ("Europe/Berlin", "2026-10-24T00:00:00Z", 3),
        ("America/New_York", "2026-03-07T12:00:00Z", 3),
        ("America/New_York", "2026-10-31T12:00:00Z", 3),
        ("Australia/Lord_Howe", "2026-10-03T00:00:00Z", 2),
        ("Australia/Lord_Howe", "2026-04-04T00:00:00Z", 2),
        ("Asia/Kathmandu", "1985-12-31T00:00:00Z", 2),
        ("Asia/Kathmandu", "2028-02-28T00:00:00Z", 3),
        ("Africa/Cairo", "2026-04-23T12:00:00Z", 2),
        ("Africa/Cairo", "2026-10-29T00:00:00Z", 2),
        ("America/St_Johns", "2010-10-31T00:00:00Z", 9),
        ("Pacific/Apia", "2011-12-29T00:00:00Z", 3),
        ("UTC", "2027-12-30T00:00:00Z", 3),
    ]

    @Test("forwards and backwards, in six zones, around every kind of change", arguments: windows.indices)
    func agree(index: Int) throws {
        let window = Self.windows[index]
        let scan = try MinuteScan(zone: window.zone, start: try instant(window.start), days: window.days)
        var random = SeededGenerator(seed: UInt64(index) + 1)
        for _ in 0..<50 {
            let sample = RandomExpression(in: scan, using: &random)
            let expression = try CronExpression(sample.text, timeZone: window.zone)
            let expected = scan.ticks(of: sample)
            var found: [Int] = []
            var date = Date(timeIntervalSince1970: Double(scan.first - 1))
            while true {
                date = expression.next(after: date)
                guard Int(date.timeIntervalSince1970) <= scan.last else { break }
                found.append(Int(date.timeIntervalSince1970))
            }
            #expect(found == expected, "\(sample.text) in \(window.zone)")
            var backwards: [Int] = []
            date = Date(timeIntervalSince1970: Double(scan.last + 1))
            while true {
                date = expression.previous(before: date)
                guard Int(date.timeIntervalSince1970) >= scan.first else { break }
                backwards.append(Int(date.timeIntervalSince1970))
            }
            #expect(backwards.reversed() == expected, "\(sample.text) in \(window.zone), backwards")
        }
    }

    @Test("next and previous undo each other over 60 years of sparse expressions")
    func longRanges() throws {
        for text in ["0 0 29 2 *", "15 6 31 */2 *", "30 2 L 3 ?", "0 12 ? 1 1#1", "0 0 29 2 */7"] {
            for zone in ["Europe/Berlin", "Australia/Lord_Howe"] {
                let expression = try CronExpression(text, timeZone: zone)
                var dates = [expression.next(after: try instant("1990-01-01T00:00:00Z"))]
                while dates[dates.count - 1] < (try instant("2050-01-01T00:00:00Z")) {
                    dates.append(expression.next(after: dates[dates.count - 1]))
                }
                for (earlier, later) in zip(dates, dates.dropFirst()) {
                    #expect(earlier < later && expression.previous(before: later) == earlier, "\(text) \(zone)")
                }
            }
        }
    }

    @Test("days before 1970 and in leap years are Foundation's")
    func calendar() throws {
        let expression = try CronExpression("0 0 * * *")
        var date = try instant("1896-02-27T00:00:00Z")
        for _ in 0..<3000 {
            let next = expression.next(after: date)
            #expect(next == date.addingTimeInterval(86_400))
            date = next
        }
        let leap = try CronExpression("0 0 29 2 *")
        #expect(leap.next(after: try instant("1896-03-01T00:00:00Z")) == (try instant("1904-02-29T00:00:00Z")))
        #expect(leap.previous(before: try instant("1904-02-29T00:00:00Z")) == (try instant("1896-02-29T00:00:00Z")))
    }
}

/// What an expression says, made together with its text so that the reading is tested too.
struct RandomExpression {
    var text: String
    var minutes: Set<Int>
    var hours: Set<Int>
    var days: Set<Int>
    var months: Set<Int>
    var weekdays: Set<Int>
    var takesEither: Bool
    var isInterval: Bool
    var isHourly: Bool { hours.count == 24 }

    init(in scan: MinuteScan, using random: inout SeededGenerator) {
        repeat {
            let minute = Self.field(0...59, all: 0.1, near: [0, 15, 30, 45], &random)
            let hour = Self.field(0...23, all: 0.25, near: [0, 1, 2, 3, 23], &random)
            let day = Self.field(1...31, all: 0.6, near: scan.days, &random)
            let month = Self.field(1...12, all: 0.7, near: scan.months, &random)
            let weekday = Self.field(0...6, all: 0.6, near: [0, 6], &random)
            text = [minute.text, hour.text, day.text, month.text, weekday.text].joined(separator: " ")
            (minutes, hours, days, months, weekdays) = (minute.set, hour.set, day.set, month.set, weekday.set)
            takesEither = !day.text.hasPrefix("*") && !weekday.text.hasPrefix("*")
            isInterval = minute.text.hasPrefix("*") || hour.text.hasPrefix("*")
        } while !isPossible
    }

    /// A day that no month of the expression has is refused, and tested elsewhere.
    private var isPossible: Bool {
        takesEither
            || months.contains { month in
                days.contains { $0 <= (month == 2 ? 29 : [4, 6, 9, 11].contains(month) ? 30 : 31) }
            }
    }

    private static func field(
        _ range: ClosedRange<Int>, all: Double, near: [Int], _ random: inout SeededGenerator
    ) -> (text: String, set: Set<Int>) {
        if Double.random(in: 0..<1, using: &random) < all {
            guard Bool.random(using: &random) else { return ("*", Set(range)) }
            let step = Int.random(in: 1...range.upperBound, using: &random)
            return ("*/\(step)", Set(stride(from: range.lowerBound, through: range.upperBound, by: step)))
        }
        var texts: [String] = []
        var set: Set<Int> = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let start =
                Bool.random(using: &random)
                ? near.randomElement(using: &random) ?? range.lowerBound : Int.random(in: range, using: &random)
            let end = Int.random(in: start...range.upperBound, using: &random)
            let step = Int.random(in: 1...5, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                texts.append("\(start)-\(end)")
                set.formUnion(start...end)
            case 1:
                texts.append("\(start)-\(end)/\(step)")
                set.formUnion(stride(from: start, through: end, by: step))
            default:
                texts.append("\(start)")
                set.insert(start)
            }
        }
        return (texts.joined(separator: ","), set)
    }
}

/// Every minute of some days as a clock on the wall shows it.
struct MinuteScan {
    private struct Local: Hashable {
        var (year, month, day, hour, minute, weekday) = (0, 0, 0, 0, 0, 0)
    }

    let first: Int
    let last: Int
    private let shown: [Local]
    /// Whether the minute's local time was shown before.
    private let isRepeated: [Bool]
    /// The minutes that the clocks skipped just before this one.
    private let skipped: [Int: [Local]]

    init(zone: String, start: Date, days: Int) throws {
        let zone = try #require(TimeZone(identifier: zone))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        var dates: [Int: Local] = [:]
        /// What a clock shows, from its seconds since 1970 as if they were UTC.
        func local(_ face: Int) -> Local {
            var local = dates[face / 86_400, default: Local()]
            if local.year == 0 {
                let date = Date(timeIntervalSince1970: Double(face))
                let parts = calendar.dateComponents([.year, .month, .day, .weekday], from: date)
                (local.year, local.month, local.day) = (parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
                local.weekday = (parts.weekday ?? 0) - 1
                dates[face / 86_400] = local
            }
            (local.hour, local.minute) = (face / 3600 % 24, face / 60 % 60)
            return local
        }
        first = Int(start.timeIntervalSince1970)
        last = first + days * 86_400 - 60
        var seen: Set<Int> = []
        var (shown, isRepeated, skipped) = ([Local](), [Bool](), [Int: [Local]]())
        var before: Int?
        // Two days before the window count for what was shown before.
        for second in stride(from: first - 2 * 86_400, through: last, by: 60) {
            let face = second + zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
            if let before, face - before > 60, second >= first {
                skipped[second] = stride(from: before + 60, to: face, by: 60).map(local)
            }
            before = face
            let isNew = seen.insert(face).inserted
            if second >= first {
                shown.append(local(face))
                isRepeated.append(!isNew)
            }
        }
        (self.shown, self.isRepeated, self.skipped) = (shown, isRepeated, skipped)
    }

    var days: [Int] { Array(Set(shown.map(\.day))).sorted() }
    var months: [Int] { Array(Set(shown.map(\.month))).sorted() }

    func ticks(of sample: RandomExpression) -> [Int] {
        // Tables, because a set's look-up costs a microsecond in a debug build.
        let table = { (set: Set<Int>) in (0..<60).map(set.contains) }
        let (minutes, hours, days) = (table(sample.minutes), table(sample.hours), table(sample.days))
        let (months, weekdays) = (table(sample.months), table(sample.weekdays))
        func matches(_ local: Local) -> Bool {
            guard minutes[local.minute], hours[local.hour], months[local.month] else { return false }
            let (day, weekday) = (days[local.day], weekdays[local.weekday])
            return sample.takesEither ? day || weekday : day && weekday
        }
        var ticks: [Int] = []
        for (index, local) in shown.enumerated() {
            let second = first + 60 * index
            let isTime = matches(local) && (sample.isInterval || !isRepeated[index])
            if isTime || (!sample.isHourly && skipped[second]?.contains(where: matches) == true) {
                ticks.append(second)
            }
        }
        return ticks
    }
}
