import JobQueue

/// The tables of workers, dead jobs and periodic jobs.
extension TopDrawing {
    // MARK: Workers

    func drawWorkers(_ model: TopModel, _ layout: Layout, _ canvas: inout Canvas) {
        let at = model.at
        let columns: [Column<WorkerRecord>] = [
            Column("WORKER", 14, most: 24, align: .left) { row, _ in (row.name, row.look) },
            Column("STATE", 8, align: .left) { row, _ in (row.shownState, row.look) },
            Column("BUSY", 7, plain: { "\($0.running.count)/\($0.concurrency)" }),
            Column("BEAT", 5, rank: 3, plain: { Format.span(at - $0.beatAt) }),
            Column("UP", 5, rank: 4, plain: { Format.span(at - $0.startedAt) }),
            Column("RSS", 5, rank: 6, plain: { Format.bytes($0.details["rss"]) }),
            Column("HOST", 12, most: 24, rank: 5, align: .left, plain: { $0.host }),
            Column("PID", 7, rank: 7, plain: { "\($0.pid)" }),
            Column("QUEUES", 10, most: 60, rank: 1, align: .left, plain: { $0.queues.joined(separator: ",") }),
        ]
        draw(model.workers, columns, model, layout, &canvas, empty: model.at > 0 ? "no worker was heard of" : "")
    }

    func workerDetail(_ model: TopModel, rows: Int) -> [DetailLine] {
        guard let worker = model.selectedWorker else { return [] }
        let since = model.at - worker.beatAt
        var lines = [DetailLine("\(worker.name), \(worker.id)")]
        if worker.isStale {
            lines.append(
                DetailLine("silent for \(Format.span(since)): frozen, cut off or dead", Style(.red, bold: true)))
        }
        let jobs = worker.running.sorted { ($1.milliseconds, $0.id.rawValue) < ($0.milliseconds, $1.id.rawValue) }
        lines += jobs.prefix(max(0, rows - lines.count)).map { job in
            DetailLine("\(right(Format.span(job.milliseconds + since), 5))  \(job.name) \(job.id) of \(job.queue)")
        }
        if jobs.isEmpty { lines.append(DetailLine("runs nothing", .dim)) }
        return lines
    }

    // MARK: Dead jobs

    func drawDead(_ model: TopModel, _ layout: Layout, _ canvas: inout Canvas) {
        let at = model.at
        let columns: [Column<JobRecord>] = [
            Column("QUEUE", 10, most: 20, align: .left, plain: { $0.queue }),
            Column("DIED", 5, rank: 3) { row, _ in (Format.span(row.stateAt.map { at - $0 }), .plain) },
            Column("TYPE", 12, most: 22, rank: 1, align: .left, plain: { $0.name }),
            Column("TRIES", 5, rank: 4, plain: { "\($0.attempts)" }),
            Column("LAST ERROR", 12, most: 200, align: .left) { row, _ in
                (row.lastTrouble, row.isCancelled ? .dim : .plain)
            },
        ]
        draw(
            model.dead ?? [], columns, model, layout, &canvas,
            empty: model.dead == nil ? "reading\(glyphs.cut)" : "no job is dead")
    }

    func deadDetail(_ model: TopModel, width: Int) -> [DetailLine] {
        guard let job = model.selectedDead else { return [] }
        var lines = [DetailLine("\(job.name) \(job.id) on \(job.queue)")]
        let ties = [
            job.tag.map { "tag \($0)" }, job.batch.map { "batch \($0)" }, job.traceID.map { "request \($0)" },
        ].compactMap { $0 }
        lines.append(
            DetailLine(
                "enqueued \(Format.minute(job.createdAt)), died \(Format.minute(job.stateAt)); \(job.failures) of "
                    + "\(job.maximumFailures) failures, \(job.lapses) lapses"))
        if !ties.isEmpty { lines.append(DetailLine(ties.joined(separator: ", "))) }
        for trouble in job.troubles.reversed() {
            let what = trouble.isCancellation ? "cancelled" : trouble.isLapse ? "lapsed" : "failed"
            let text = "\(Format.minute(trouble.at)) \(what): \(trouble.message)"
            lines += TextWidth.wrapped(text, to: width).map { DetailLine($0) }
        }
        return lines
    }

    // MARK: Periodic jobs

    func drawCron(_ model: TopModel, _ layout: Layout, _ canvas: inout Canvas) {
        let at = model.at
        let columns: [Column<ScheduleRecord>] = [
            Column("NAME", 14, most: 30, align: .left, plain: { $0.name }),
            Column("STATE", 9, align: .left) { row, _ in (row.shownState(at), row.look(at)) },
            Column("NEXT", 8) { row, _ in (row.nextTick.map { "in " + Format.span($0 - at) } ?? "-", .plain) },
            Column("LAST", 5, rank: 2, plain: { Format.span($0.lastRunAt.map { at - $0 }) }),
            Column("WHEN", 13, most: 24, rank: 1, align: .left, plain: { $0.expression }),
            Column("ZONE", 10, most: 20, rank: 4, align: .left, plain: { $0.timeZone }),
            Column("QUEUE", 10, most: 20, rank: 3, align: .left, plain: { $0.queue.isEmpty ? "-" : $0.queue }),
        ]
        draw(
            model.schedules ?? [], columns, model, layout, &canvas,
            empty: model.schedules == nil ? "reading\(glyphs.cut)" : "no process has declared a periodic job")
    }

    func scheduleDetail(_ model: TopModel) -> [DetailLine] {
        guard let entry = model.selectedSchedule else { return [] }
        var lines = [DetailLine("\(entry.name), version \(entry.version)")]
        lines.append(
            DetailLine("next      \(Format.minute(entry.nextTick)) UTC, then \(entry.expression) in \(entry.timeZone)"))
        lines.append(
            DetailLine("last run  \(Format.minute(entry.lastRunAt))" + (entry.lastJob.map { " as job \($0)" } ?? "")))
        lines.append(
            DetailLine(
                "jobs      \(entry.type.isEmpty ? "of more than one type" : entry.type); missed ticks: \(entry.catchUp)"
            ))
        if let since = entry.pausedAt { lines.append(DetailLine("paused    for \(Format.span(model.at - since))")) }
        if entry.isForgotten(at: model.at) {
            lines.append(
                DetailLine(
                    "no process has declared it for \(Format.span(model.at - entry.seenAt)): nobody ticks it",
                    Style(.yellow, bold: true)))
        }
        return lines
    }
}

extension WorkerRecord {
    fileprivate var shownState: String { isStale ? "silent" : state.isEmpty ? "-" : state }

    fileprivate var look: Style {
        if isStale { return Style(.red, bold: true) }
        return state == "running" || state.isEmpty ? .plain : Style(.yellow, bold: true)
    }
}

extension JobRecord {
    fileprivate var lastTrouble: String { troubles.last?.message ?? "-" }
}

extension ScheduleRecord {
    fileprivate func shownState(_ at: Int64) -> String {
        if !isEnabled { return "off" }
        if pausedAt != nil { return "paused" }
        return isForgotten(at: at) ? "forgotten" : "active"
    }

    fileprivate func look(_ at: Int64) -> Style {
        shownState(at) == "active" ? .plain : Style(.yellow, bold: true)
    }
}
