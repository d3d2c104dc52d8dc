import JobQueue

extension TopModel {
    /// Takes a key.
    ///
    /// - Parameter page: how many rows a page has.
    /// - Returns: what must be done besides.
    public mutating func press(_ key: Key, page: Int) -> TopAction? {
        if key == .control("c") { return .quit }
        if let prompt { return answer(key, prompt) }
        if showsHelp {
            showsHelp = false
            return key == .character("q") ? .quit : nil
        }
        message = nil
        switch key {
        case .character("q"): return .quit
        case .character("?"), .character("h"): showsHelp = true
        case .tab, .right: return turn(to: view.moved(by: 1))
        case .backTab, .left: return turn(to: view.moved(by: -1))
        case .character("1"), .character("2"), .character("3"), .character("4"):
            guard case .character(let digit) = key, let number = digit.wholeNumberValue,
                let view = TopView(rawValue: number - 1)
            else { return nil }
            return turn(to: view)
        case .character("s"):
            guard view == .queues else { return nil }
            order = order.next
            sort()
            place(.queues)
        case .character(" "): return .refresh
        case .control("l"): return .redraw
        case .character("p"): return pause()
        case .character("r"): return retry()
        default: move(key, page: page)
        }
        return nil
    }

    private mutating func move(_ key: Key, page: Int) {
        let index = selectedIndex(view) ?? 0
        switch key {
        case .up, .character("k"): select(index - 1)
        case .down, .character("j"): select(index + 1)
        case .pageUp, .control("b"): select(index - max(1, page))
        case .pageDown, .control("f"): select(index + max(1, page))
        case .home, .character("g"): select(0)
        case .end, .character("G"): select(.max)
        default: break
        }
    }

    /// Views are read when they are looked at, so a turn asks for them.
    private mutating func turn(to view: TopView) -> TopAction {
        self.view = view
        place(view)
        return .refresh
    }

    private mutating func answer(_ key: Key, _ prompt: Prompt) -> TopAction? {
        self.prompt = nil
        guard key == .character("y") || key == .character("Y") else {
            say("nothing was changed")
            return nil
        }
        return .change(prompt.change)
    }

    private mutating func change(_ change: TopChange, asking question: String? = nil) -> TopAction? {
        guard !isReadOnly else {
            say("nothing can be changed here: it was started with --read-only", isError: true)
            return nil
        }
        guard let question else { return .change(change) }
        prompt = Prompt(question: question, change: change)
        return nil
    }

    private mutating func pause() -> TopAction? {
        switch view {
        case .queues:
            guard let queue = selectedQueue?.status else { return nil }
            return change(.pause(queue: queue.name, !queue.isPaused))
        case .workers:
            guard let worker = selectedWorker else { return nil }
            return change(.quiet(worker: worker.id, name: worker.name, worker.state != "quiet"))
        case .dead: return nil
        case .cron:
            guard let schedule = selectedSchedule else { return nil }
            return change(.pauseSchedule(schedule.name, schedule.pausedAt == nil))
        }
    }

    private mutating func retry() -> TopAction? {
        switch view {
        case .queues:
            guard let queue = selectedQueue?.status else { return nil }
            guard queue.dead > 0 else {
                say("queue \(queue.name) has no dead jobs")
                return nil
            }
            let jobs = queue.dead == 1 ? "the dead job" : "all \(queue.dead) dead jobs"
            return change(.retryDead(queue: queue.name), asking: "Retry \(jobs) of queue \(queue.name)?")
        case .workers: return nil
        case .dead:
            guard let job = selectedDead else { return nil }
            return change(
                .retry(job: job.id.rawValue, queue: job.queue), asking: "Retry \(job.name) \(job.id) of \(job.queue)?")
        case .cron:
            guard let schedule = selectedSchedule else { return nil }
            return change(.runSchedule(schedule.name), asking: "Run \(schedule.name) now?")
        }
    }
}
