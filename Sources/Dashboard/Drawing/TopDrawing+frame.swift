import JobQueue

/// What stands around the table.
extension TopDrawing {
    func drawTitle(_ model: TopModel, _ canvas: inout Canvas) {
        if case .lost(let since, let reason) = model.connection {
            let text = " CONNECTION LOST \(Format.span(model.now - since)) ago, retrying: \(reason)"
            canvas.put(text, row: 0, column: 0)
            return canvas.paint(row: 0) { $0 = Style(.red, bold: true, reversed: true) }
        }
        let clock = "\(Format.clock(model.now)) UTC  every \(Format.span(model.interval))"
        let room = canvas.columns - clock.count - 2
        if room >= 10 {
            canvas.put("sunset top", row: 0, column: 0, style: .bold)
            canvas.put(model.title, row: 0, column: 12, width: max(0, room - 12), style: .dim)
            canvas.put(clock, row: 0, column: room + 2, style: .dim)
        } else {
            canvas.put("sunset top", row: 0, column: 0, style: .bold)
        }
    }

    /// The sums over all queues, as many as fit, what matters first.
    func drawSums(_ model: TopModel, _ canvas: inout Canvas) {
        guard model.at > 0 else {
            return canvas.put("connecting\(glyphs.cut)", row: 1, column: 0)
        }
        let sums = model.totals
        let failing = (sums.failureRate ?? 0) >= QueueRow.failingRate
        let parts: [(String, String, Style)] = [
            ("waiting", Format.count(sums.waiting), .bold),
            ("oldest", Format.span(sums.oldestMilliseconds), .bold),
            ("running", "\(Format.count(sums.running))/\(Format.count(sums.places))", .bold),
            ("dead", Format.count(sums.dead), sums.dead > 0 ? Style(.red, bold: true) : .bold),
            (
                "fail", Format.percent(sums.failureRate) + (sums.failureRate == nil ? "" : "%"),
                failing ? Style(.red, bold: true) : .bold
            ),
            ("in", Format.rate(sums.inPerSecond) + "/s", .bold),
            ("out", Format.rate(sums.outPerSecond) + "/s", .bold),
            ("scheduled", Format.count(sums.scheduled), .bold),
            ("parked", Format.count(sums.parked), sums.parked > 0 ? Style(.yellow, bold: true) : .bold),
        ]
        var place = 0
        for (name, value, style) in parts {
            let width = name.count + 1 + value.count
            guard place + width <= canvas.columns else { break }
            canvas.put(name, row: 1, column: place)
            canvas.put(value, row: 1, column: place + name.count + 1, style: style)
            place += width + 2
        }
    }

    func drawAlarms(_ model: TopModel, _ canvas: inout Canvas) {
        guard model.at > 0 else { return }
        let alarms = model.alarms
        guard !alarms.isEmpty else {
            return canvas.put("ok: nothing needs attention", row: 2, column: 0, style: Style(.green))
        }
        var text = "! " + alarms[0]
        for (index, alarm) in alarms.enumerated().dropFirst() {
            let more = alarms.count - index
            let longer = "\(text) \(glyphs.dot) \(alarm)"
            // Room is kept for saying that there are more.
            guard TextWidth.of(longer) + (more > 1 ? 9 : 0) <= canvas.columns else {
                text += " (+\(more) more)"
                break
            }
            text = longer
        }
        canvas.put(text, row: 2, column: 0, style: Style(.yellow, bold: true))
    }

    func drawViews(_ model: TopModel, _ canvas: inout Canvas) {
        var place = 0
        for view in TopView.allCases {
            let count: Int? =
                switch view {
                case .queues: model.queues.count
                case .workers: model.workers.count
                case .dead: model.totals.dead
                case .cron: model.schedules?.count
                }
            let name = view.title + (count.map { " " + Format.count($0) } ?? "")
            let isShown = view == model.view
            let text = isShown ? "[\(name)]" : " \(name) "
            guard place + text.count <= canvas.columns else { break }
            canvas.put(text, row: 3, column: place, style: isShown ? Style(reversed: true) : .plain)
            place += text.count + 1
        }
        let order = model.view == .queues && model.order != .name ? "sorted by \(model.order.rawValue)" : ""
        if place + order.count <= canvas.columns {
            canvas.put(order, row: 3, column: canvas.columns - order.count, style: .dim)
        }
    }

    func drawFoot(_ model: TopModel, _ layout: Layout, _ canvas: inout Canvas) {
        if let prompt = model.prompt {
            canvas.put("\(prompt.question) [y/N]", row: layout.message, column: 0)
            canvas.paint(row: layout.message) { $0 = Style(.yellow, bold: true, reversed: true) }
        } else if let message = model.message {
            canvas.put(
                message.text, row: layout.message, column: 0, style: message.isError ? Style(.red, bold: true) : .bold)
        } else {
            let (top, count) = (model.first[model.view] ?? 0, model.ids(model.view).count)
            if count > layout.table.count, !model.showsHelp {
                let last = min(count, top + layout.table.count)
                canvas.put("\(top + 1) to \(last) of \(count)", row: layout.message, column: 2, style: .dim)
            }
        }
        var keys = ["? help", "q quit", "tab view", "\(glyphs.updown) select"]
        switch model.view {
        case .queues: keys += ["p pause", "r retry dead", "s sort"]
        case .workers: keys += ["p quiet"]
        case .dead: keys += ["r retry"]
        case .cron: keys += ["p pause", "r run now"]
        }
        if model.showsHelp { keys = ["any key goes back", "q quit"] }
        var place = 0
        for key in keys where place + key.count <= canvas.columns {
            canvas.put(key, row: layout.keys, column: place, style: .dim)
            place += key.count + 3
        }
    }

    func drawHelp(_ model: TopModel, _ canvas: inout Canvas, rows: Range<Int>) {
        let text = [
            "keys    \(glyphs.updown) j k      select      page up/down, g, G   further",
            "        tab, 1-4    another view            s   sort the queues",
            "        p           queues: pause, go on; workers: quiet; cron: pause",
            "        r           queues: retry the dead; dead: retry it; cron: run it now",
            "        space       read now                ^L  draw anew",
            "        ^Z          suspend                 q   quit",
            "",
            "queues  WAIT can be claimed, RUN is claimed, SCHED waits for its time,",
            "        DEAD ended without success, OLDEST waits so long, FAIL% of the",
            "        attempts of 5 minutes, IN and OUT a second, PER MIN is done in each minute",
            "states  no worker: jobs wait and nobody serves the queue; parked: jobs of",
            "        versions that no process knows; failing: 10% or more",
        ]
        for (row, line) in zip(rows, text) { canvas.put(line, row: row, column: 0) }
    }
}
