import Foundation

/// The figures of one run: each key with every repetition's value, shown as medians.
struct Report {
    private var values: [String: [Double]] = [:]
    private var order: [String] = []

    mutating func add(_ key: String, _ value: Double) {
        if values[key] == nil { order.append(key) }
        values[key, default: []].append(value)
    }

    func median(_ key: String) -> Double {
        let sorted = (values[key] ?? []).sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// The table: a figure, its median, lowest and highest, and its ratio to its reference where it has one.
    func write(references: [String: String]) {
        print(Self.row(["figure", "median", "min", "max", "ratio"]))
        for key in order {
            let all = values[key] ?? []
            let ratio = references[key].map { String(format: "%.2f of %@", median(key) / median($0), $0) } ?? ""
            print(
                Self.row([
                    key, Self.number(median(key)), Self.number(all.min() ?? .nan), Self.number(all.max() ?? .nan),
                    ratio,
                ]))
        }
    }

    /// One line of JSON: key → median.
    func json() throws -> String {
        let medians = Dictionary(uniqueKeysWithValues: order.map { ($0, (median($0) * 1_000).rounded() / 1_000) })
        let data = try JSONSerialization.data(withJSONObject: medians, options: [.sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }

    private static func number(_ value: Double) -> String {
        value >= 100 ? String(format: "%.0f", value) : String(format: "%.3f", value)
    }

    private static func row(_ cells: [String]) -> String {
        let widths = [34, 12, 12, 12, 0]
        return zip(cells, widths).enumerated().map { index, pair in
            let padding = String(repeating: " ", count: max(0, pair.1 - pair.0.count))
            return index == 0 || index == 4 ? pair.0 + padding : padding + pair.0
        }.joined(separator: "  ")
    }
}
