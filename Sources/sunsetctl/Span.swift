import ArgumentParser
import JobQueue

/// A length of time as people write it: `500ms`, `30s`, `10m`, `2h`, `1d`.
struct Span: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        let units: [Substring: Int64] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        // A thousand years of anything is beyond what anybody means, and within what Redis can count.
        guard let count = Int64(digits), let unit = units[argument.dropFirst(digits.count)],
            count > 0, count <= 31_536_000_000_000 / unit
        else { return nil }
        duration = .milliseconds(count * unit)
    }
}

/// For how long a job keeps its like away: `pending`, `done`, or a length of time.
struct Lock: ExpressibleByArgument {
    let uniqueness: Uniqueness

    init?(argument: String) {
        switch argument {
        case "pending": uniqueness = .whilePending
        case "done": uniqueness = .untilDone
        default:
            guard let span = Span(argument: argument) else { return nil }
            uniqueness = .period(span.duration)
        }
    }
}
