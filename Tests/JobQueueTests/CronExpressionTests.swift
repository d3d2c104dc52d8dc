import Foundation
import JobQueue
import Testing

/// An instant, as RFC 3339 in UTC.
func instant(_ text: String) throws -> Date {
    try Date(text, strategy: .iso8601)
}

@Suite("A cron expression")
struct CronExpressionTests {
    private func ticks(
        _ text: String, zone: String = "UTC", after: String, _ count: Int = 3
    ) throws -> [String] {
        let expression = try CronExpression(text, timeZone: zone)
        var found: [String] = []
        var date = try instant(after)
        for _ in 0..<count {
            date = expression.next(after: date)
            found.append(date.formatted(.iso8601))
        }
        return found
    }

    @Test(
        "names its times",
        arguments: [
            ("*/15 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z"),
            ("0 9-17/4 * * *", "2026-01-01T09:00:00Z", "2026-01-01T13:00:00Z"),
            ("5,35 2 * * *", "2026-01-01T02:05:00Z", "2026-01-01T02:35:00Z"),
            ("10/20 * * * *", "2026-01-01T00:10:00Z", "2026-01-01T00:30:00Z"),
            ("0 0 1 jan *", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 29 2 *", "2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"),
            ("0 0 29 2 */7", "2026-01-01T00:00:00Z", "2032-02-29T00:00:00Z"),
            ("0 12 * * Mon-Fri", "2026-11-27T12:00:00Z", "2026-11-30T12:00:00Z"),
            ("0 12 * * SAT-SUN", "2026-11-28T12:00:00Z", "2026-11-29T12:00:00Z"),
            ("0 12 * * 7", "2026-11-24T12:00:00Z", "2026-11-29T12:00:00Z"),
            ("0 0 13 * FRI", "2026-11-24T00:00:00Z", "2026-11-27T00:00:00Z"),
            ("0 0 13 * FRI", "2026-12-11T00:00:00Z", "2026-12-13T00:00:00Z"),
            ("0 0 */2 * MON", "2026-11-24T00:00:00Z", "2026-12-07T00:00:00Z"),
            ("0 0 L * *", "2028-02-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 L-2 * ?", "2026-11-24T00:00:00Z", "2026-11-28T00:00:00Z"),
            ("0 0 15W * ?", "2026-08-01T00:00:00Z", "2026-08-14T00:00:00Z"),
            ("0 0 1W * ?", "2026-07-15T00:00:00Z", "2026-08-03T00:00:00Z"),
            ("0 0 LW * ?", "2026-05-01T00:00:00Z", "2026-05-29T00:00:00Z"),
            ("0 0 ? * 5L", "2026-11-24T00:00:00Z", "2026-11-27T00:00:00Z"),
            ("0 0 ? * TUE#5", "2026-11-24T00:00:00Z", "2026-12-29T00:00:00Z"),
            ("30 0 0 * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:00:30Z"),
            ("*/20 * * * * *", "2026-01-01T00:00:41Z", "2026-01-01T00:01:00Z"),
            ("@hourly", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"),
            ("@weekly", "2026-11-24T00:00:00Z", "2026-11-29T00:00:00Z"),
            ("@Monthly", "2026-11-24T00:00:00Z", "2026-12-01T00:00:00Z"),
            ("@annually", "2026-11-24T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("@every 90s", "1970-01-01T00:01:31Z", "1970-01-01T00:03:00Z"),
            ("@every 1h30m", "1970-01-01T01:29:59Z", "1970-01-01T01:30:00Z"),
        ])
    func times(text: String, after: String, expected: String) throws {
        #expect(try ticks(text, after: after, 1) == [expected])
        let expression = try CronExpression(text)
        let next = try instant(expected)
        // And backwards: nothing lies between.
        #expect(expression.previous(before: next) <= (try instant(after)))
        #expect(expression.previous(before: next.addingTimeInterval(0.5)) == next)
        #expect(expression.next(after: next.addingTimeInterval(-0.5)) == next)
    }

    @Test(
        "is refused with the field, the text and what is allowed",
        arguments: [
            ("60 * * * *", ["minute '60'", "0 to 59"]),
            ("* 24 * * *", ["hour '24'", "0 to 23"]),
            ("* * 0 * *", ["day of the month '0'", "1 to 31", "L-n"]),
            ("* * * 13 *", ["month '13'", "1 to 12", "JAN to DEC"]),
            ("* * * * 8", ["day of the week '8'", "SUN to SAT"]),
            ("* * * * MOO", ["day of the week 'MOO'", "not a value"]),
            ("61 0 0 * * *", ["second '61'"]),
            ("30-10 * * * *", ["minute '30-10'", "backwards"]),
            ("*/0 * * * *", ["minute '*/0'", "positive"]),
            ("*/90 * * * *", ["minute '*/90'", "@every 90m"]),
            ("1,,2 * * * *", ["minute '1,,2'", "empty"]),
            ("+5 * * * *", ["minute '+5'"]),
            ("-5 * * * *", ["minute ''"]),
            ("5-5-5 * * * *", ["minute '5-5'"]),
            ("* ? * * *", ["hour '?'"]),
            ("* * 32W * *", ["day of the month '32'"]),
            ("* * L-31 * *", ["day of the month 'L-31'"]),
            ("* * * * 5#6", ["day of the week '5#6'", "five times"]),
            ("* * * * L", ["day of the week 'L'"]),
            ("0 0 30 2 *", ["day of the month '30'", "month '2'", "no year"]),
            ("0 0 31 2,4,6,9,11 *", ["no year"]),
            ("0 0 31W 2 ?", ["no year"]),
            ("* * * *", ["4 fields"]),
            ("* * * * * * *", ["7 fields"]),
            ("", ["0 fields"]),
            ("@reboot", ["@hourly", "no meaning"]),
            ("@hourly 5", ["macro '@hourly 5'"]),
            ("@every", ["interval '@every'"]),
            ("@every 0s", ["1 second"]),
            ("@every 90", ["15m"]),
            ("@every 5s1h", ["15m"]),
            ("@every 999999999d", ["366 days"]),
        ])
    func refused(text: String, parts: [String]) {
        let error = #expect(throws: JobQueueError.self) { try CronExpression(text) }
        #expect(error?.code == .invalidSchedule)
        for part in parts { #expect(error?.message.contains(part) == true, "\(error?.message ?? "")") }
    }

    @Test("of an unknown time zone is refused")
    func unknownZone() {
        let error = #expect(throws: JobQueueError.self) { try CronExpression("@daily", timeZone: "Europe/Berlinn") }
        #expect(error?.message.contains("'Europe/Berlinn'") == true)
    }

    @Test("survives any text")
    func fuzz() {
        var random = SeededGenerator(seed: 4)
        let pieces = [
            "*", "/", "-", ",", "L", "W", "#", "?", " ", " ", "0", "5", "31", "99999999999", "FRI", "@every", "é",
        ]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...14, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }
            .joined()
            // What is taken has a next time; what is not is refused with a reason.
            guard let expression = try? CronExpression(text) else { continue }
            #expect(expression.next(after: .now) < .distantFuture, "\(text)")
        }
    }

    @Test("in spring runs once, right after the gap, where its time does not exist")
    func spring() throws {
        // Berlin goes from 2:00 to 3:00 on 29 March 2026 at 1:00 UTC.
        #expect(
            try ticks("30 2 * * *", zone: "Europe/Berlin", after: "2026-03-28T00:00:00Z")
                == ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"])
        // Several lost times are one run, and it coincides with a time at the gap's end.
        #expect(
            try ticks("*/15 2-3 * * *", zone: "Europe/Berlin", after: "2026-03-28T23:00:00Z", 2)
                == ["2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z"])
        // Lord Howe Island goes from 2:00 to 2:30 on 4 October 2026 at 15:30 UTC the day before.
        #expect(
            try ticks("15 2 * * *", zone: "Australia/Lord_Howe", after: "2026-10-03T00:00:00Z", 2)
                == ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"])
        // Samoa skipped the whole 30 December 2011.
        #expect(
            try ticks("0 9 30 12 *", zone: "Pacific/Apia", after: "2011-06-01T00:00:00Z", 2)
                == ["2011-12-30T10:00:00Z", "2012-12-29T19:00:00Z"])
    }

    @Test("that runs every hour just goes on in spring")
    func springHourly() throws {
        #expect(
            try ticks("30 * * * *", zone: "Europe/Berlin", after: "2026-03-29T00:00:00Z")
                == ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"])
    }

    @Test("in autumn runs once at a fixed time, the first, and in both hours as an interval")
    func autumn() throws {
        // Berlin goes from 3:00 back to 2:00 on 25 October 2026 at 1:00 UTC.
        #expect(
            try ticks("30 2 * * *", zone: "Europe/Berlin", after: "2026-10-24T12:00:00Z", 2)
                == ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"])
        #expect(
            try ticks("*/30 2 * * *", zone: "Europe/Berlin", after: "2026-10-24T12:00:00Z", 5)
                == [
                    "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
                    "2026-10-26T01:00:00Z",
                ])
        #expect(
            try ticks("15 * * * *", zone: "America/New_York", after: "2026-11-01T05:00:00Z", 2)
                == ["2026-11-01T05:15:00Z", "2026-11-01T06:15:00Z"])
        #expect(
            try ticks("45 1 * * *", zone: "Australia/Lord_Howe", after: "2026-04-04T00:00:00Z", 2)
                == ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"])
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
