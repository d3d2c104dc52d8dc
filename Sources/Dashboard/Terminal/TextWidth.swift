/// How many columns a terminal gives a character.
enum TextWidth {
    /// 0 for marks alone, 2 for wide characters (East Asian Width W and F, emoji), else 1.
    static func of(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        let value = first.value
        if value < 0x300 { return 1 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if first.properties.isEmojiPresentation || character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        return wide.contains { $0.contains(value) } ? 2 : 1
    }

    static func of(_ text: String) -> Int {
        text.reduce(0) { $0 + of($1) }
    }

    /// The blocks of wide characters in Unicode's EastAsianWidth.txt.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]

    /// A text that a terminal shows as it is: without control characters, which could do anything to a screen, and
    /// without what turns the direction of writing.
    static func printable(_ text: some StringProtocol) -> String {
        String(
            text.map { character in
                let isHarmless = character.unicodeScalars.allSatisfy {
                    $0.properties.generalCategory != .control && !(0x202A...0x202E).contains($0.value)
                        && !(0x2066...0x2069).contains($0.value)
                }
                return isHarmless ? character : " "
            })
    }

    /// A text in lines of a width, broken between words where it can be.
    static func wrapped(_ text: String, to width: Int) -> [String] {
        guard width > 0 else { return [] }
        var lines: [String] = []
        var line: [Character] = []
        var used = 0
        for character in printable(text) {
            if used + of(character) > width {
                let space = line.lastIndex(of: " ").flatMap { $0 > 0 ? $0 : nil }
                lines.append(String(line[..<(space ?? line.endIndex)]))
                line = space.map { Array(line[($0 + 1)...]) } ?? []
                used = line.reduce(0) { $0 + of($1) }
            }
            line.append(character)
            used += of(character)
        }
        return lines + [String(line)]
    }

    /// A text cut to a width; what is cut ends with a mark.
    static func clipped(_ text: String, to width: Int, mark: Character = "…") -> String {
        guard of(text) > width else { return text }
        guard width > 0 else { return "" }
        var result = ""
        var used = 0
        for character in text {
            let size = of(character)
            guard used + size <= width - 1 else { break }
            result.append(character)
            used += size
        }
        return result + String(mark)
    }
}
