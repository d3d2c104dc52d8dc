import Foundation

/// Numbers as they fit into a narrow column: never wider than five characters, so that columns stand still.
enum Format {
    /// `0` to `9999`, then `12.3k`, `123k`, `1.2M`, `12.3M`, `123M`, `1.2G`.
    static func count(_ value: Int) -> String {
        guard value >= 10_000 else { return "\(value)" }
        for (unit, size) in [("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)] {
            let scaled = Double(value) / Double(size)
            guard scaled < 999.5 || unit == "G" else { continue }
            return scaled < 99.95 ? String(format: "%.1f%@", scaled, unit) : String(format: "%.0f%@", scaled, unit)
        }
        return "\(value)"
    }

    /// `0`, `0.1` to `99.9`, then as counts.
    static func rate(_ value: Double) -> String {
        guard value >= 0.05 else { return "0" }
        return value < 99.95 ? String(format: "%.1f", value) : count(Int(value.rounded()))
    }

    /// `0`, `0.1` to `9.9`, `10` to `100`; `-` for none.
    static func percent(_ share: Double?) -> String {
        guard let share else { return "-" }
        let value = share * 100
        if value > 0, value < 0.1 { return "0.1" }
        return value > 0 && value < 9.95 ? String(format: "%.1f", value) : String(format: "%.0f", value)
    }

    /// `12ms`, `3.2s`, `45s`, `12m`, `5h`, `3d`; `-` for none.
    static func span(_ milliseconds: Int64?) -> String {
        guard let milliseconds else { return "-" }
        switch max(0, milliseconds) {
        case ..<1_000: return "\(max(0, milliseconds))ms"
        case ..<10_000: return String(format: "%.1fs", Double(milliseconds) / 1_000)
        case ..<120_000: return "\(milliseconds / 1_000)s"
        case ..<7_200_000: return "\(milliseconds / 60_000)m"
        case ..<172_800_000: return "\(milliseconds / 3_600_000)h"
        default: return "\(milliseconds / 86_400_000)d"
        }
    }

    /// `14:02:31`, in UTC.
    static func clock(_ milliseconds: Int64) -> String {
        let seconds = (milliseconds / 1_000) % 86_400
        return String(format: "%02d:%02d:%02d", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }

    /// `2026-11-24 14:02`, in UTC; `-` for none.
    static func minute(_ milliseconds: Int64?) -> String {
        guard let milliseconds else { return "-" }
        let date = Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
        return date.formatted(
            .iso8601.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false)
        )
        .prefix(16).description
    }

    /// Bytes as `123M`.
    static func bytes(_ text: String?) -> String {
        text.flatMap { Int($0) }.map { count($0) } ?? "-"
    }
}
