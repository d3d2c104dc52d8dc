/// The characters of the screen that are not letters: with Unicode, or within ASCII.
struct Glyphs: Sendable, Hashable {
    let hasUnicode: Bool

    var line: Character { hasUnicode ? "─" : "-" }
    var bar: Character { hasUnicode ? "│" : "|" }
    var cut: Character { hasUnicode ? "…" : "~" }
    var updown: String { hasUnicode ? "↑↓" : "j/k" }
    var dot: String { hasUnicode ? "·" : "," }

    /// Levels from nothing to the most.
    private var levels: [Character] { Array(hasUnicode ? "▁▂▃▄▅▆▇█" : "_-=+*%#@") }
    private var none: Character { hasUnicode ? "·" : "." }

    /// A curve in one row: a character for each value, as high as its share of the largest.
    func sparkline(_ values: [Int]) -> String {
        let most = values.max() ?? 0
        return String(
            values.map { value in
                guard value > 0 else { return none }
                return levels[min(levels.count - 1, value * levels.count / max(1, most))]
            })
    }
}
