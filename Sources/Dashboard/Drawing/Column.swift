/// A column of a table, and how it stands where there is little room.
struct Column<Row> {
    let title: String
    /// Its width at the least.
    let width: Int
    /// How much of the room that is left it takes, up to `most`.
    var most: Int?
    /// The higher, the sooner it is left out; 0 is never left out.
    var rank = 0
    var align = Canvas.Alignment.right
    let cell: (Row, Int) -> (text: String, style: Style)

    init(
        _ title: String, _ width: Int, most: Int? = nil, rank: Int = 0, align: Canvas.Alignment = .right,
        _ cell: @escaping (Row, Int) -> (text: String, style: Style)
    ) {
        self.title = title
        self.width = width
        self.most = most
        self.rank = rank
        self.align = align
        self.cell = cell
    }

    init(
        _ title: String, _ width: Int, most: Int? = nil, rank: Int = 0, align: Canvas.Alignment = .right,
        plain cell: @escaping (Row) -> String
    ) {
        self.init(title, width, most: most, rank: rank, align: align) { row, _ in (cell(row), .plain) }
    }

    /// Which columns fit into a width, with how much of it: those of low rank first, then the room that is left goes to
    /// those whose cells want more, from the left.
    static func fitted(_ columns: [Column], width: Int, rows: [Row]) -> [(column: Column, width: Int)] {
        var kept = columns
        func needed() -> Int { kept.reduce(-1) { $0 + $1.width + 1 } }
        while needed() > width, let last = kept.filter({ $0.rank > 0 }).map(\.rank).max() {
            kept.removeAll { $0.rank == last }
        }
        var left = max(0, width - needed())
        return kept.map { column in
            let most = column.most ?? column.width
            let wanted = most > column.width ? rows.map { TextWidth.of(column.cell($0, most).text) }.max() ?? 0 : 0
            let more = min(left, max(0, min(most, wanted) - column.width))
            left -= more
            return (column, column.width + more)
        }
    }
}
