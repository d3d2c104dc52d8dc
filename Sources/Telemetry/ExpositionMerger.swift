/// Several processes' expositions as one, each line with the process's name: families stay together, as the format demands.
public struct ExpositionMerger {
    private struct Family {
        var head: [Substring] = []
        var lines: [String] = []
    }

    private var order: [Substring] = []
    private var families: [Substring: Family] = [:]

    /// Starts with nothing.
    public init() {}

    /// Adds one process's text; `process` becomes the first label of every line.
    public mutating func add(_ text: String, process: String) {
        let label = "process=\"\(MetricLabels.escaped(process))\""
        var current: Substring?
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# ") {
                let words = line.split(separator: " ", maxSplits: 3)
                guard words.count >= 3 else { continue }
                current = words[2]
                open(words[2])
                let isKnown = families[words[2]]?.head.contains { $0.hasPrefix("# \(words[1]) ") } ?? false
                if !isKnown { families[words[2]]?.head.append(line) }
                continue
            }
            guard let end = line.firstIndex(where: { $0 == "{" || $0 == " " }) else { continue }
            let name = line[..<end]
            // `_bucket`, `_sum` and `_count` belong to the head before them.
            let family = current.flatMap { name.hasPrefix($0) ? $0 : nil } ?? name
            open(family)
            let rest = line[end...]
            let labelled = rest.hasPrefix("{") ? "{\(label),\(rest.dropFirst())" : "{\(label)}\(rest)"
            families[family]?.lines.append(name + labelled)
        }
    }

    /// Everything that was added.
    public var text: String {
        var result = ""
        for name in order {
            guard let family = families[name] else { continue }
            for line in family.head { result += line + "\n" }
            for line in family.lines { result += line + "\n" }
        }
        return result
    }

    private mutating func open(_ name: Substring) {
        guard families[name] == nil else { return }
        families[name] = Family()
        order.append(name)
    }
}
