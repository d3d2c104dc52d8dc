/// What somebody may have meant who wrote a name that there is not.
enum Nearest {
    /// ` (did you mean a.b?)`, or nothing if no name is near.
    static func hint(to text: String, among names: [String]) -> String {
        let near = candidates(to: text, among: names)
        return near.isEmpty ? "" : " (did you mean \(near.joined(separator: " or "))?)"
    }

    /// The names that are near, three at most: a few typing errors away, or going on after the text, or with the same last
    /// word in another place.
    static func candidates(to text: String, among names: [String]) -> [String] {
        let measured = names.map { (name: $0, distance: distance(text, $0)) }
        let allowed = max(2, text.count / 6)
        if let least = measured.map(\.distance).min(), least <= allowed {
            return Array(measured.filter { $0.distance == least }.map(\.name).sorted().prefix(3))
        }
        let longer = names.filter { text.count > 3 && $0.hasPrefix(text) }
        if !longer.isEmpty { return Array(longer.sorted().prefix(3)) }
        let last = text.split(separator: ".").last.map(String.init) ?? text
        return Array(names.filter { $0.hasSuffix("." + last) }.sorted().prefix(3))
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two texts (optimal string alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        let (a, b) = (Array(left.utf8), Array(right.utf8))
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i] + [Int](repeating: 0, count: b.count)
            for j in 1...b.count {
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], beforeLast[j - 2] + 1)
                }
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
