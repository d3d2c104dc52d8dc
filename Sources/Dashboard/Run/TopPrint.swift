/// One look at everything as plain text, for files and pipes.
public struct TopPrint: Sendable {
    private let drawing: TopDrawing

    /// Creates a printer.
    public init(features: TerminalFeatures) {
        drawing = TopDrawing(features: features)
    }

    /// The lines: the sums, then each view as a table with all its rows.
    public func lines(_ model: TopModel, columns: Int) -> [String] {
        var model = model
        var lines: [String] = []
        for view in TopView.allCases {
            model.view = view
            model.first = [:]
            model.hidesSelection = true
            let count = max(1, model.ids(view).count)
            let layout = TopDrawing.Layout(table: TopDrawing.Layout.head..<TopDrawing.Layout.head + count)
            var canvas = Canvas(columns: columns, rows: TopDrawing.Layout.head + count, mark: drawing.glyphs.cut)
            drawing.drawTitle(model, &canvas)
            drawing.drawSums(model, &canvas)
            drawing.drawAlarms(model, &canvas)
            drawing.drawTable(model, layout, &canvas)
            let isFirst = view == .queues
            lines += isFirst ? Array(canvas.lines[..<3]) : []
            lines += ["", view.title] + canvas.lines[(TopDrawing.Layout.head - 1)...]
        }
        return lines
    }
}
