/// One field of a cron expression: what may stand in it.
struct CronField: Sendable {
    let name: String
    let values: ClosedRange<Int>
    /// Names for values, in their order, from the first value on.
    var names: [String] = []
    /// Sunday can be written as 7.
    var foldsSeven = false
    /// What else may stand in it, for the error.
    var extras = ""

    static let second = CronField(name: "second", values: 0...59)
    static let minute = CronField(name: "minute", values: 0...59)
    static let hour = CronField(name: "hour", values: 0...23)
    static let day = CronField(
        name: "day of the month", values: 1...31,
        extras: ", ?, L (the last), L-n (n days before it), nW (the weekday nearest to day n), LW")
    static let month = CronField(
        name: "month", values: 1...12,
        names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
    static let weekday = CronField(
        name: "day of the week", values: 0...7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        foldsSeven: true, extras: ", ?, dL (the last such day of the month), d#n (its n-th, 1 to 5)")

    /// Says what is wrong, where, and what is allowed.
    func error(_ text: Substring, _ reason: String) -> JobQueueError {
        var allowed = "\(values.lowerBound) to \(values.upperBound)"
        if let first = names.first, let last = names.last { allowed += " or \(first) to \(last)" }
        return JobQueueError(
            .invalidSchedule,
            "\(name) '\(text)': \(reason); allowed are \(allowed), *, a-b, */n, a-b/n, a/n and lists of these\(extras)."
        )
    }

    /// A set of values as bits: items separated by commas; what `extra` takes is no item of the set.
    func parse(_ text: Substring, extra: (Substring) throws -> Bool = { _ in false }) throws -> UInt64 {
        var bits: UInt64 = 0
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard !item.isEmpty else { throw error(text, "an item of the list is empty") }
            guard try !extra(item) else { continue }
            bits |= try set(item)
        }
        if foldsSeven, bits & 1 << 7 != 0 { bits = bits & ~(1 << 7) | 1 }
        return bits
    }

    /// A number or a name.
    func value(_ text: Substring) throws -> Int {
        if let number = Self.number(text) {
            guard values.contains(number) else { throw error(text, "out of range") }
            return number
        }
        guard let index = names.firstIndex(of: text.uppercased()) else { throw error(text, "not a value") }
        return values.lowerBound + index
    }

    /// Digits only: `Int` would take a sign too.
    static func number(_ text: Substring) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private func set(_ item: Substring) throws -> UInt64 {
        let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var range = try range(parts[0], item)
        // Seven is another name of Sunday and no eighth day: a range that is open at its end stops before it.
        let last = foldsSeven ? values.upperBound - 1 : values.upperBound
        var step = 1
        if parts.count == 2 {
            guard let number = Self.number(parts[1]), number > 0 else {
                throw error(item, "a step is a positive number")
            }
            guard number <= last - values.lowerBound + 1 else {
                throw error(item, "a step of \(number) is longer than the field; across fields there is '@every 90m'")
            }
            step = number
            if range.isSingle { range.end = max(range.start, last) }
        }
        var bits: UInt64 = 0
        for value in stride(from: range.start, through: range.end, by: step) { bits |= 1 << UInt64(value) }
        return bits
    }

    private func range(_ text: Substring, _ item: Substring) throws -> (start: Int, end: Int, isSingle: Bool) {
        if text == "*" {
            return (values.lowerBound, foldsSeven ? values.upperBound - 1 : values.upperBound, false)
        }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let start = try value(ends[0])
        guard ends.count == 2 else { return (start, start, true) }
        var end = try value(ends[1])
        // SAT-SUN: a week may end on a Sunday.
        if foldsSeven, end == 0, start > 0 { end = 7 }
        guard start <= end else { throw error(item, "the range runs backwards") }
        return (start, end, false)
    }
}
