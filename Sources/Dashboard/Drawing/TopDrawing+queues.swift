import JobQueue

extension TopDrawing {
    func drawQueues(_ model: TopModel, _ layout: Layout, _ canvas: inout Canvas) {
        draw(
            model.queues, queueColumns, model, layout, &canvas,
            empty: model.at > 0 ? "no queue has had a job yet" : "")
    }

    private var queueColumns: [Column<QueueRow>] {
        [
            Column("QUEUE", 10, most: 24, align: .left) { row, _ in (row.status.name, row.condition.style) },
            Column("STATE", 9, rank: 2, align: .left) { row, _ in (row.condition.text, row.condition.style) },
            Column("WAIT", 5) { row, _ in (Format.count(row.status.depth), row.status.depth > 0 ? .bold : .plain) },
            Column("RUN", 5, rank: 4, plain: { Format.count($0.status.running) }),
            Column("OLDEST", 6, rank: 1, plain: { Format.span($0.status.latencyMilliseconds) }),
            Column("DEAD", 5, rank: 3) { row, _ in
                (Format.count(row.status.dead), row.status.dead > 0 ? Style(.red, bold: true) : .plain)
            },
            Column("FAIL%", 5, rank: 6) { row, _ in
                let isMuch = (row.failureRate ?? 0) >= QueueRow.failingRate
                return (Format.percent(row.failureRate), isMuch ? Style(.red, bold: true) : .plain)
            },
            Column("IN/S", 5, rank: 5, plain: { Format.rate($0.track.rates.in) }),
            Column("OUT/S", 5, rank: 5, plain: { Format.rate($0.track.rates.out) }),
            Column("SCHED", 5, rank: 8, plain: { Format.count($0.status.scheduled) }),
            Column("WORKERS", 7, rank: 10, plain: { "\($0.workers)x\($0.workers > 0 ? $0.places / $0.workers : 0)" }),
            Column("MEAN", 6, rank: 11) { row, _ in
                (Format.span(row.track.sum(minutes: 5).meanRunMicroseconds.map { Int64($0 / 1_000) }), .plain)
            },
            Column("PER MIN", 7, most: 30, rank: 9, align: .left) { row, width in
                (glyphs.sparkline(row.track.series(width) { $0.completed }), Style(.cyan))
            },
        ]
    }

    /// The selected queue: its flow minute by minute, what bounds it, who serves it.
    func queueDetail(_ model: TopModel, width: Int) -> [DetailLine] {
        guard let row = model.selectedQueue else { return [] }
        let (status, track) = (row.status, row.track)
        let curve = max(10, min(TopModel.minutesRead, width - 38))
        func line(_ name: String, _ value: String, _ series: (QueueCounters) -> Int) -> DetailLine {
            let values = track.series(curve, series)
            let most = values.max() ?? 0
            return DetailLine(
                "\(left(name, 8))\(right(value, 8))  \(glyphs.sparkline(values))  peak \(Format.count(most))/min"
            )
        }
        var heading = "\(status.name), the last \(curve) minutes"
        if let since = status.pausedAt { heading += ", paused for \(Format.span(model.at - since))" }
        let bounds = [
            status.limits.concurrency.map { "at most \($0) at once" },
            status.limits.rate.map { "\($0.count) starts per \(Format.span($0.milliseconds))" },
        ].compactMap { $0 }
        if !bounds.isEmpty { heading += ", " + bounds.joined(separator: ", ") }
        let sum = track.sum(minutes: 5)
        let levels = zip(["high", "normal", "low"], status.waiting).map { "\(Format.count($1)) \($0)" }
        let waiting = levels.joined(separator: ", ") + (status.suspect > 0 ? ", \(status.suspect) suspect" : "")
        return [
            DetailLine(heading),
            line("in", Format.rate(track.rates.in) + "/s") { $0.enqueued },
            line("out", Format.rate(track.rates.out) + "/s") { $0.completed },
            line("failed", Format.percent(row.failureRate) + (row.failureRate == nil ? " " : "%")) {
                $0.failed + $0.lapsed
            },
            DetailLine(
                "waiting   \(waiting); scheduled \(Format.count(status.scheduled)), parked \(Format.count(status.parked))"
            ),
            DetailLine(
                "workers   \(row.workers) with \(row.places) places; mean run "
                    + "\(Format.span(sum.meanRunMicroseconds.map { Int64($0 / 1_000) })), mean wait "
                    + "\(Format.span(sum.meanWaitMilliseconds.map { Int64($0) }))"),
        ]
    }

    func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension QueueRow.Condition {
    var text: String {
        switch self {
        case .unserved: "no worker"
        case .paused: "paused"
        case .parked: "parked"
        case .failing: "failing"
        case .active: "ok"
        }
    }

    var style: Style {
        switch self {
        case .unserved, .failing: Style(.red, bold: true)
        case .paused, .parked: Style(.yellow, bold: true)
        case .active: .plain
        }
    }
}
