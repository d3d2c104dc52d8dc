/// A screen as it should look: rows of cells.
///
/// Drawing is a function that gives one back.
public struct Canvas: Sendable, Hashable {
    /// One place on the screen.
    struct Cell: Sendable, Hashable {
        /// What stands there; `nil` for the right half of a wide character.
        var character: Character?
        var style: Style

        static let blank = Cell(character: " ", style: .plain)
    }

    /// The width of the screen.
    public let columns: Int
    /// The height of the screen.
    public let rows: Int
    /// The mark at the end of a text that was cut.
    let mark: Character
    private(set) var cells: [Cell]

    /// Creates an empty screen.
    public init(columns: Int, rows: Int, mark: Character = "…") {
        self.columns = max(0, columns)
        self.rows = max(0, rows)
        self.mark = mark
        cells = Array(repeating: .blank, count: self.columns * self.rows)
    }

    /// How a text stands in its width.
    public enum Alignment: Sendable {
        /// At the left.
        case left
        /// At the right, as numbers do.
        case right
    }

    /// Writes a text; what does not fit into its width, or the screen, is cut.
    public mutating func put(
        _ text: String, row: Int, column: Int, width: Int? = nil, style: Style = .plain, align: Alignment = .left
    ) {
        guard (0..<rows).contains(row), column >= 0, column < columns else { return }
        let room = min(width ?? columns - column, columns - column)
        let shown = TextWidth.clipped(TextWidth.printable(text), to: room, mark: mark)
        var place = column + (align == .right ? max(0, room - TextWidth.of(shown)) : 0)
        for character in shown {
            let size = TextWidth.of(character)
            guard size > 0 else {
                // A mark goes with the character before it; a screen of cells has no place of its own for it.
                continue
            }
            guard place + size <= columns else { return }
            let index = row * columns + place
            // Half of a wide character is none: what is left of it becomes blank.
            if cells[index].character == nil, place > 0 { cells[index - 1].character = " " }
            if place + size < columns, cells[index + size].character == nil { cells[index + size].character = " " }
            cells[index] = Cell(character: character, style: style)
            if size == 2 { cells[index + 1] = Cell(character: nil, style: style) }
            place += size
        }
    }

    /// Gives a whole row a style, for instance that of the selected one; what stands there stays.
    public mutating func paint(row: Int, columns range: Range<Int>? = nil, _ change: (inout Style) -> Void) {
        guard (0..<rows).contains(row) else { return }
        for column in (range ?? 0..<columns).clamped(to: 0..<columns) {
            change(&cells[row * columns + column].style)
        }
    }

    /// Gives everything a style.
    public mutating func paint(_ change: (inout Style) -> Void) {
        for row in 0..<rows { paint(row: row, change) }
    }

    func row(_ row: Int) -> ArraySlice<Cell> { cells[row * columns..<(row + 1) * columns] }

    /// The text of the rows, without white space at their ends.
    public var lines: [String] {
        (0..<rows).map { row in
            var text = String(self.row(row).compactMap(\.character))
            while text.last == " " { text.removeLast() }
            return text
        }
    }
}
