/// Turns a screen into the bytes that a terminal needs to show it, beside what it shows already.
///
/// Only cells that changed are sent, in one write, so nothing flickers and a slow line carries little.
public struct Painter: Sendable {
    private let colors: Bool
    private var shown: Canvas?

    /// Creates a painter for a terminal that shows nothing yet.
    public init(colors: Bool) {
        self.colors = colors
    }

    /// Forgets what the terminal shows: it was resized, or somebody else wrote on it.
    public mutating func forget() {
        shown = nil
    }

    /// The bytes for the next screen.
    public mutating func bytes(for canvas: Canvas) -> [UInt8] {
        var output = ""
        var style: Style?
        var before = shown
        if before?.columns != canvas.columns || before?.rows != canvas.rows {
            before = Canvas(columns: canvas.columns, rows: canvas.rows)
            output += "\u{1B}[0m\u{1B}[2J"
        }
        for row in 0..<canvas.rows {
            let new = canvas.row(row)
            guard let old = before?.row(row), old != new else { continue }
            draw(Array(new), over: Array(old), row: row, into: &output, &style)
        }
        if style != nil, style != .plain { output += Style.plain.sequence(colors: colors) }
        shown = canvas
        return Array(output.utf8)
    }

    private func draw(
        _ new: [Canvas.Cell], over old: [Canvas.Cell], row: Int, into output: inout String, _ style: inout Style?
    ) {
        // Where the row is blank to its end, one sequence erases it.
        let end = (new.lastIndex { $0 != .blank } ?? -1) + 1
        var column = 0
        var cursor = -1
        while column < end {
            guard new[column] != old[column] else {
                column += 1
                continue
            }
            // The right half of a wide character is drawn with its left one.
            if new[column].character == nil, column > 0 { column -= 1 }
            if cursor != column { output += "\u{1B}[\(row + 1);\(column + 1)H" }
            let cell = new[column]
            if style != cell.style {
                output += cell.style.sequence(colors: colors)
                style = cell.style
            }
            output.append(cell.character ?? " ")
            column += column + 1 < new.count && new[column + 1].character == nil ? 2 : 1
            cursor = column
        }
        if old[end...].contains(where: { $0 != .blank }) {
            if cursor != end { output += "\u{1B}[\(row + 1);\(end + 1)H" }
            if style != .plain {
                output += Style.plain.sequence(colors: colors)
                style = .plain
            }
            output += "\u{1B}[K"
        }
    }
}
