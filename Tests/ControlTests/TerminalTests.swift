@testable import Dashboard
import Testing

@Suite("The terminal's screen, bytes and keys")
struct TerminalTests {
    @Test("only what changed is sent, and a terminal that takes it shows the new screen")
    func painting() {
        var generator = SystemRandomNumberGenerator()
        var painter = Painter(colors: true)
        var shown = FakeTerminal(columns: 12, rows: 4)
        let words = ["", "wait", "a wide 漢字 text", "漢字", "x", "0123456789abcdef", "          end"]
        let styles = [Style.plain, .bold, Style(.red, reversed: true)]
        for _ in 0..<300 {
            var canvas = Canvas(columns: 12, rows: 4)
            for row in 0..<4 {
                canvas.put(
                    words.randomElement(using: &generator) ?? "", row: row, column: Int.random(in: 0..<6),
                    style: styles.randomElement(using: &generator) ?? .plain,
                    align: Bool.random() ? .left : .right)
            }
            shown.take(painter.bytes(for: canvas))
            #expect(shown.lines == canvas.lines)
            #expect(painter.bytes(for: canvas).isEmpty)
        }
    }

    @Test("a change of one number costs its place and itself, not a screen")
    func littleIsSent() {
        var painter = Painter(colors: true)
        var canvas = Canvas(columns: 80, rows: 24)
        canvas.put("waiting 12", row: 3, column: 0)
        _ = painter.bytes(for: canvas)
        canvas.put("waiting 13", row: 3, column: 0)
        #expect(String(decoding: painter.bytes(for: canvas), as: UTF8.self) == "\u{1B}[4;10H\u{1B}[0m3")
        painter.forget()
        #expect(String(decoding: painter.bytes(for: canvas), as: UTF8.self).hasPrefix("\u{1B}[0m\u{1B}[2J"))
    }

    @Test("without colours there are none, but bold and reversed stay")
    func noColors() {
        for (colors, expected) in [(true, "\u{1B}[0;1;7;31m"), (false, "\u{1B}[0;1;7m")] {
            #expect(Style(.red, bold: true, reversed: true).sequence(colors: colors) == expected)
        }
    }

    @Test("a text is cut at its width with a mark, wide characters count twice, and control characters do nothing")
    func text() {
        var canvas = Canvas(columns: 10, rows: 1)
        canvas.put("0123456789abc", row: 0, column: 0)
        #expect(canvas.lines == ["012345678…"])
        canvas.put("漢字漢字", row: 0, column: 0, width: 6)
        #expect(canvas.lines == ["漢字…5678…"])
        canvas.put("\u{1B}[2J\u{07}x", row: 0, column: 0, width: 10, align: .right)
        #expect(canvas.lines[0].hasSuffix(" [2J x"))
        canvas.put("off", row: 5, column: 0)
        canvas.put("off", row: 0, column: 50)
        #expect(canvas.lines.count == 1)
    }

    @Test("keys are read from whole and from cut sequences, and unknown ones are dropped")
    func keys() {
        let cases: [(String, [Key])] = [
            ("jq", [.character("j"), .character("q")]),
            ("\u{1B}[A\u{1B}OB\u{1B}[5~\u{1B}[6~\u{1B}[H\u{1B}[4~", [.up, .down, .pageUp, .pageDown, .home, .end]),
            ("\u{1B}[Z\t\r", [.backTab, .tab, .enter]),
            ("\u{03}\u{0C}", [.control("c"), .control("l")]),
            ("\u{1B}[1;5C\u{1B}[200~x", [.right, .character("x")]),
            ("é漢", [.character("é"), .character("漢")]),
            ("\u{1B}q", []),
            ("\u{00}\u{7F}", []),
        ]
        for (text, expected) in cases {
            var whole = KeyDecoder()
            #expect(whole.feed(text.utf8) == expected, "\(text.debugDescription)")
            var cut = KeyDecoder()
            #expect(text.utf8.flatMap { cut.feed([$0]) } == expected, "\(text.debugDescription), cut")
        }
        var decoder = KeyDecoder()
        #expect(decoder.feed([0x1B]).isEmpty)
        #expect(decoder.isWaiting)
        #expect(decoder.flush() == [.escape])
        #expect(decoder.feed([0xFF, 0x71]) == [.character("q")])
        #expect(decoder.feed([0x1B, 0x5B] + Array(repeating: 0x31, count: 100)).isEmpty)
        #expect(!decoder.isWaiting)
    }

    @Test("random bytes never stop the decoder")
    func fuzz() {
        var decoder = KeyDecoder()
        for _ in 0..<2_000 {
            _ = decoder.feed((0..<Int.random(in: 0..<9)).map { _ in UInt8.random(in: 0...255) })
        }
        _ = decoder.flush()
        #expect(decoder.feed([0x71]) == [.character("q")])
    }

    @Test("TERM, NO_COLOR and the locale decide what is shown")
    func features() {
        func features(_ environment: [String: String]) -> TerminalFeatures {
            TerminalFeatures(environment: environment)
        }
        #expect(features(["TERM": "tmux-256color", "LANG": "C.UTF-8"]) == TerminalFeatures())
        #expect(!features([:]).movesCursor && !features(["TERM": "dumb"]).movesCursor)
        #expect(!features(["TERM": "xterm", "NO_COLOR": "1"]).hasColors)
        #expect(features(["TERM": "xterm", "NO_COLOR": ""]).hasColors)
        #expect(!features(["TERM": "vt220"]).hasColors)
        #expect(!features(["TERM": "xterm", "LC_ALL": "C", "LANG": "en_US.UTF-8"]).hasUnicode)
        #expect(features(["TERM": "xterm", "LC_CTYPE": "de_DE.utf8", "LANG": "C"]).hasUnicode)
    }
}

/// What a terminal does with the sequences that the painter uses.
struct FakeTerminal {
    private var cells: [[Character?]]
    private var row = 0
    private var column = 0

    init(columns: Int, rows: Int) {
        cells = Array(repeating: Array(repeating: " ", count: columns), count: rows)
    }

    var lines: [String] {
        cells.map { row in
            var text = String(row.compactMap { $0 })
            while text.last == " " { text.removeLast() }
            return text
        }
    }

    mutating func take(_ bytes: [UInt8]) {
        var rest = Substring(String(decoding: bytes, as: UTF8.self))
        while let character = rest.popFirst() {
            guard character == "\u{1B}" else {
                put(character)
                continue
            }
            guard let end = rest.dropFirst().firstIndex(where: \.isLetter) else { return }
            let numbers = rest[..<end].dropFirst().split(separator: ";").compactMap { Int($0) }
            switch rest[end] {
            case "H": (row, column) = (numbers[0] - 1, numbers[1] - 1)
            case "J": cells = cells.map { $0.map { _ in " " } }
            case "K": for column in column..<cells[row].count { erase(column) }
            default: break
            }
            rest = rest[rest.index(after: end)...]
        }
    }

    private mutating func erase(_ column: Int) {
        // Half of a wide character is none: the other half goes too.
        if cells[row][column] == nil, column > 0 { cells[row][column - 1] = " " }
        if column + 1 < cells[row].count, cells[row][column + 1] == nil { cells[row][column + 1] = " " }
        cells[row][column] = " "
    }

    private mutating func put(_ character: Character) {
        let width = TextWidth.of(character)
        for place in column..<min(column + width, cells[row].count) { erase(place) }
        cells[row][column] = character
        if width == 2 { cells[row][column + 1] = nil }
        column += width
    }
}
