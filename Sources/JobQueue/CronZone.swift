internal import Foundation

/// A time zone as offsets, in whole seconds since 1970.
struct CronZone: Sendable, Hashable {
    let zone: TimeZone

    /// No offset was ever further from UTC (Manila and Alaska before their days were moved).
    static let widest: Int64 = 16 * 3600
    /// No two changes of an offset are closer together.
    static let span: Int64 = 86_400

    func offset(at instant: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant))))
    }

    /// The first instant of a new offset in `(after, through]`, which are at most ``span`` apart and differ in it.
    func change(after: Int64, through: Int64) -> Int64 {
        let before = offset(at: after)
        var (low, high) = (after, through)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if offset(at: middle) == before { low = middle } else { high = middle }
        }
        return high
    }

    /// Whether the clocks already showed this instant's local time once before.
    func isSecond(_ instant: Int64) -> Bool {
        let now = offset(at: instant)
        // An overlap is as long as the step of the clocks, a day at most.
        let earlier = instant - Self.span
        let then = offset(at: earlier)
        guard then > now else { return false }
        return instant + now < change(after: earlier, through: instant) + then
    }
}
