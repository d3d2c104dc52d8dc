/// Draws the model on a screen of a size: the same model and size give the same screen, cell by cell.
public struct TopDrawing: Sendable {
    let glyphs: Glyphs
    /// The smallest screen that something can be read on.
    static let smallest = (columns: 30, rows: 8)

    /// Creates a drawing.
    public init(features: TerminalFeatures) {
        glyphs = Glyphs(hasUnicode: features.hasUnicode)
    }

    /// How a screen is divided from top to bottom.
    struct Layout: Sendable, Hashable {
        /// The rows of the table, its heading not counted.
        var table: Range<Int>
        /// The rows about what is selected; empty where there is no room.
        var detail: Range<Int>
        /// The row of messages and questions.
        var message: Int
        /// The row that names the keys.
        var keys: Int

        /// Heading, sums, alarms, views and the table's heading come before the table.
        static let head = 5
        static let detailRows = 6

        /// A table alone.
        init(table: Range<Int>) {
            self.table = table
            detail = 0..<0
            message = table.upperBound
            keys = table.upperBound
        }

        init(rows: Int, count: Int) {
            keys = rows - 1
            message = rows - 2
            let room = max(0, message - Self.head)
            // The table comes first: what is selected is told of in what it leaves, or if there is plenty.
            let wantsDetail = room >= Self.detailRows + min(count, 5) && room >= Self.detailRows + 3
            let rest = wantsDetail ? room - Self.detailRows : room
            let shown = wantsDetail ? min(rest, max(count, 3)) : rest
            table = Self.head..<Self.head + shown
            detail = wantsDetail ? table.upperBound..<message : 0..<0
        }
    }

    /// How many rows of the table are shown.
    public func page(of model: TopModel, rows: Int) -> Int {
        Layout(rows: rows, count: model.ids(model.view).count).table.count
    }

    /// The screen.
    public func draw(_ model: TopModel, columns: Int, rows: Int) -> Canvas {
        var canvas = Canvas(columns: columns, rows: rows, mark: glyphs.cut)
        guard columns >= Self.smallest.columns, rows >= Self.smallest.rows else {
            canvas.put("too small: \(columns)x\(rows)", row: 0, column: 0)
            canvas.put("needs \(Self.smallest.columns)x\(Self.smallest.rows)", row: 1, column: 0)
            return canvas
        }
        let layout = Layout(rows: rows, count: model.ids(model.view).count)
        drawTitle(model, &canvas)
        drawSums(model, &canvas)
        drawAlarms(model, &canvas)
        drawViews(model, &canvas)
        if model.showsHelp {
            drawHelp(model, &canvas, rows: 4..<layout.message)
        } else {
            drawTable(model, layout, &canvas)
            drawDetail(model, layout, &canvas)
        }
        drawFoot(model, layout, &canvas)
        // What is old must not look as if it were new.
        if case .lost = model.connection { canvas.fade(rows: 1..<layout.message) }
        return canvas
    }

    func drawTable(_ model: TopModel, _ layout: Layout, _ canvas: inout Canvas) {
        switch model.view {
        case .queues: drawQueues(model, layout, &canvas)
        case .workers: drawWorkers(model, layout, &canvas)
        case .dead: drawDead(model, layout, &canvas)
        case .cron: drawCron(model, layout, &canvas)
        }
    }

    private func drawDetail(_ model: TopModel, _ layout: Layout, _ canvas: inout Canvas) {
        guard !layout.detail.isEmpty, model.selectedIndex(model.view) != nil else { return }
        let lines: [DetailLine]
        switch model.view {
        case .queues: lines = queueDetail(model, width: canvas.columns)
        case .workers: lines = workerDetail(model, rows: layout.detail.count)
        case .dead: lines = deadDetail(model, width: canvas.columns)
        case .cron: lines = scheduleDetail(model)
        }
        for (row, line) in zip(layout.detail, lines) {
            if row == layout.detail.lowerBound {
                let rule = String(repeating: glyphs.line, count: canvas.columns)
                canvas.put(rule, row: row, column: 0, style: .dim)
                canvas.put(" " + line.text + " ", row: row, column: 2, width: canvas.columns - 4, style: .bold)
            } else {
                canvas.put(line.text, row: row, column: 0, style: line.style)
            }
        }
    }

    /// Draws the rows of a table that are scrolled to, with the selected one marked.
    func draw<Row>(
        _ rows: [Row], _ columns: [Column<Row>], _ model: TopModel, _ layout: Layout, _ canvas: inout Canvas,
        empty: String
    ) {
        // The first column is the mark of the selected row, which must be seen without colours too.
        let fitted = Column.fitted(columns, width: canvas.columns - 2, rows: rows)
        var place = 2
        for (column, width) in fitted {
            canvas.put(column.title, row: layout.table.lowerBound - 1, column: place, width: width, align: column.align)
            place += width + 1
        }
        canvas.paint(row: layout.table.lowerBound - 1) { $0.isBold = true }
        guard !rows.isEmpty else {
            return canvas.put(empty, row: layout.table.lowerBound, column: 2, style: .dim)
        }
        let top = model.first[model.view] ?? 0
        let selected = model.selectedIndex(model.view)
        for (row, index) in zip(layout.table, top..<max(top, rows.count)) {
            var place = 2
            for (column, width) in fitted {
                let (text, style) = column.cell(rows[index], width)
                canvas.put(text, row: row, column: place, width: width, style: style, align: column.align)
                place += width + 1
            }
            if index == selected, !model.hidesSelection {
                canvas.put(">", row: row, column: 0, style: .bold)
                canvas.paint(row: row) { $0.isReversed = true }
            }
        }
    }
}

/// A line about what is selected; the first one is its heading.
struct DetailLine {
    var text: String
    var style = Style.plain

    init(_ text: String, _ style: Style = .plain) {
        self.text = text
        self.style = style
    }
}

extension Canvas {
    /// Makes rows faint, and takes the selection's and the alarms' looks away.
    mutating func fade(rows: Range<Int>) {
        for row in rows { paint(row: row) { $0 = Style(dim: true) } }
    }
}
