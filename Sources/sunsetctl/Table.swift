import Foundation
import JobQueue
import Marketplace

/// A table for people: a heading, columns as wide as their widest cell, numbers to the right.
struct Table {
    private var rows: [[String]]
    private let left: Set<String>

    /// - Parameter left: the columns that stand to the left whatever they begin with.
    init(_ heading: [String], left: Set<String> = []) {
        rows = [heading]
        self.left = left
    }

    /// Adds a row; what others wrote into its cells moves no cursor and breaks no line.
    mutating func add(_ cells: [String]) {
        rows.append(cells.map { Show.line($0) })
    }

    /// The lines, without trailing white space.
    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        let isNumeric = (0..<columns).map { column in
            !left.contains(rows[0][column])
                && rows.dropFirst().allSatisfy { row in
                    guard row.indices.contains(column), let first = row[column].first else { return true }
                    return first.isNumber || first == "-" || first == "–"
                } && rows.count > 1
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return isNumeric[column] ? padding + cell : cell + padding
            }.joined(separator: "  ").replacing(/\s+$/, with: "")
        }
    }

    func write() {
        for line in lines { print(line) }
    }
}

/// How times, spans, sizes and what others wrote are shown.
enum Show {
    /// A queue's bounds in words.
    static func limits(_ limits: QueueLimits) -> String {
        var parts: [String] = []
        if let concurrency = limits.concurrency { parts.append("at most \(concurrency) at once") }
        if let rate = limits.rate {
            parts.append("\(rate.count) starts per \(span(rate.milliseconds)), \(rate.burst) at once after a pause")
        }
        return parts.isEmpty ? "no bounds" : parts.joined(separator: "; ")
    }

    /// A Unix time in milliseconds as RFC 3339 in UTC.
    static func time(_ milliseconds: Int64?) -> String {
        guard let milliseconds else { return "–" }
        return Timestamp(milliseconds: milliseconds).description
    }

    /// A text as one line without control characters, cut to a length.
    static func line(_ text: String, most: Int = 200) -> String {
        let line = String(text.prefix(most).map { $0.isNewline || $0.isWhitespace ? " " : $0 })
        return line.filter { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } }
    }

    /// `1 job`, `2 jobs`.
    static func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }

    /// A number of bytes in the unit that a person would take.
    static func bytes(_ count: UInt64) -> String {
        var (value, unit) = (Double(count), 0)
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return unit == 0 ? "\(count) B" : String(format: "%.1f %@", value, units[unit])
    }

    /// A span in milliseconds in the unit that a person would take.
    static func span(_ milliseconds: Int64?) -> String {
        guard let milliseconds else { return "–" }
        switch milliseconds {
        case ..<1_000: return "\(milliseconds) ms"
        case ..<120_000: return String(format: "%.1f s", Double(milliseconds) / 1_000)
        case ..<7_200_000: return "\(milliseconds / 60_000) min"
        default: return "\(milliseconds / 3_600_000) h"
        }
    }
}
