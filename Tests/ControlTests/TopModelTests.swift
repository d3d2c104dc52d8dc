@testable import Dashboard
@testable import JobQueue
import Testing

/// Queues, workers and jobs as Redis could tell of them, at noon of a day.
enum TopSample {
    static let at: Int64 = 1_795_521_600_000
    static let minute = at / 60_000

    static func queue(
        _ name: String, waiting: Int = 0, running: Int = 0, scheduled: Int = 0, dead: Int = 0, parked: Int = 0,
        pausedAt: Int64? = nil, oldest: Int64? = nil, done: [Int] = [], failed: Int = 0, at: Int64 = at
    ) -> QueueStatus {
        let minutes = done.enumerated().map { index, count in
            var counters = QueueCounters()
            counters.completed = count
            counters.enqueued = count + 6
            counters.failed = failed
            counters.runMicroseconds = Int64(count) * 12_000
            return QueueStatus.Minute(minute: at / 60_000 - Int64(index), counters: counters)
        }
        return QueueStatus(
            name: name, at: at, isPaused: pausedAt != nil, pausedAt: pausedAt, limits: QueueLimits(), cancelRequests: 0,
            waiting: [0, waiting, 0], suspect: 0, running: running, scheduled: scheduled, parked: parked, dead: dead,
            completed: 0, latencyMilliseconds: oldest, minutes: minutes)
    }

    static func worker(
        _ name: String, _ queues: [String], places: Int = 8, running: Int = 0, silent: Bool = false
    ) -> WorkerRecord {
        WorkerRecord(
            id: "wrk_" + name, name: name, host: "host-1", pid: 4_711, queues: queues, startedAt: at - 3_700_000,
            beatAt: at - (silent ? 90_000 : 2_000),
            running: (0..<running).map {
                WorkerRecord.Running(
                    id: JobID("job_\($0)"), queue: queues[0], name: "chore", milliseconds: Int64($0) * 1_000)
            },
            state: "running", concurrency: places, isStale: silent, details: ["rss": "31457280"])
    }

    static func dead(_ id: String, _ queue: String, _ message: String, ago: Int64) -> JobRecord {
        JobRecord(
            id: JobID(id), queue: queue, state: .dead, name: "chore", version: 1, priority: .normal,
            createdAt: at - ago - 60_000, stateAt: at - ago, failures: 3, lapses: 0, maximumFailures: 3,
            troubles: [
                JobRecord.Trouble(at: at - ago, isLapse: false, isCancellation: false, message: message)
            ])
    }

    static func schedule(_ name: String, paused: Bool = false) -> ScheduleRecord {
        ScheduleRecord(
            name: name, version: 1, expression: "0 3 * * *", timeZone: "UTC", catchUp: "latest", type: "chore",
            queue: "maintenance", isEnabled: true, pausedAt: paused ? at - 60_000 : nil, nextTick: at + 3_600_000,
            lastTick: at - 82_800_000, lastRunAt: at - 82_800_000, lastJob: JobID("job_n"), seenAt: at)
    }

    /// A shop on a bad day.
    static var snapshot: TopSnapshot {
        TopSnapshot(
            at: at,
            queues: [
                queue(
                    "charges", waiting: 3, running: 2, scheduled: 40, dead: 2, oldest: 420, done: [30, 60, 50, 70, 40]),
                queue("fulfilment", done: [1, 2, 3]),
                queue("ingest", waiting: 12_345, oldest: 3_700_000, done: [0, 0, 600]),
                queue("links", waiting: 9, pausedAt: at - 180_000, oldest: 61_000),
                queue("mail", running: 1, done: [5, 4], failed: 3),
                queue("webhooks", parked: 7),
            ],
            workers: [
                worker("pool-1", ["charges", "fulfilment"], running: 2), worker("pool-2", ["mail"], places: 4),
                worker("pool-3", ["links"], silent: true),
            ],
            dead: [
                dead("job_a", "charges", "the provider said no", ago: 30_000),
                dead("job_b", "charges", "timeout after 60 s", ago: 7_300_000),
            ],
            schedules: [schedule("ledger-check"), schedule("sweep", paused: true)])
    }

    static func model(_ view: TopView = .queues, readOnly: Bool = false) -> TopModel {
        var model = TopModel(title: "sunset at /run/redis.sock", interval: 2_000, isReadOnly: readOnly)
        model.tick(at)
        model.take(snapshot)
        model.view = view
        return model
    }
}

@Suite("What keys and snapshots do to the screen's model")
struct TopModelTests {
    @Test("keys move the selection, which stays with its row when rows come and go")
    func moving() {
        var model = TopSample.model()
        #expect(model.selectedQueue?.status.name == "charges")
        for (key, name) in [
            (Key.down, "fulfilment"), (.character("j"), "ingest"), (.up, "fulfilment"), (.character("k"), "charges"),
            (.up, "charges"), (.character("G"), "webhooks"), (.down, "webhooks"), (.pageUp, "links"),
            (.home, "charges"),
            (.pageDown, "links"),
        ] {
            #expect(model.press(key, page: 2) == nil)
            if key == .pageUp || key == .pageDown { continue }
            #expect(model.selectedQueue?.status.name == name, "\(key)")
        }
        model.select(3)
        var snapshot = TopSample.snapshot
        snapshot.queues.removeFirst(2)
        model.take(snapshot)
        #expect(model.selectedQueue?.status.name == "links")
        snapshot.queues.remove(at: 1)
        model.take(snapshot)
        #expect(model.selectedQueue?.status.name == "mail")
        snapshot.queues = []
        model.take(snapshot)
        #expect(model.selectedQueue == nil)
        #expect(model.press(.down, page: 5) == nil)
        #expect(model.press(.character("p"), page: 5) == nil)
    }

    @Test("the view turns by tab, arrows and digits, and is read when it is looked at")
    func views() {
        var model = TopSample.model()
        for (key, view) in [
            (Key.tab, TopView.workers), (.right, .dead), (.tab, .cron), (.tab, .queues), (.backTab, .cron),
            (.left, .dead), (.character("1"), .queues), (.character("4"), .cron),
        ] {
            #expect(model.press(key, page: 5) == .refresh)
            #expect(model.view == view, "\(key)")
        }
        #expect(model.press(.character("?"), page: 5) == nil)
        #expect(model.showsHelp)
        #expect(model.press(.character("p"), page: 5) == nil)
        #expect(!model.showsHelp)
    }

    @Test("p asks for what the row is not: pause or go on, in each view")
    func pausing() {
        var model = TopSample.model()
        #expect(model.press(.character("p"), page: 5) == .change(.pause(queue: "charges", true)))
        model.select(3)
        #expect(model.press(.character("p"), page: 5) == .change(.pause(queue: "links", false)))
        model.view = .workers
        model.select(1)
        #expect(model.press(.character("p"), page: 5) == .change(.quiet(worker: "wrk_pool-1", name: "pool-1", true)))
        model.view = .cron
        model.select(1)
        #expect(model.press(.character("p"), page: 5) == .change(.pauseSchedule("sweep", false)))
        model.view = .dead
        #expect(model.press(.character("p"), page: 5) == nil)
    }

    @Test("r asks before it retries, and only y is yes")
    func retrying() {
        var model = TopSample.model()
        #expect(model.press(.character("r"), page: 5) == nil)
        #expect(model.prompt?.question == "Retry all 2 dead jobs of queue charges?")
        #expect(model.press(.enter, page: 5) == nil)
        #expect(model.prompt == nil && model.message?.text == "nothing was changed")
        _ = model.press(.character("r"), page: 5)
        #expect(model.press(.character("q"), page: 5) == nil)
        _ = model.press(.character("r"), page: 5)
        #expect(model.press(.character("y"), page: 5) == .change(.retryDead(queue: "charges")))
        model.select(1)
        #expect(model.press(.character("r"), page: 5) == nil)
        #expect(model.prompt == nil)
        model.view = .dead
        model.select(1)
        _ = model.press(.character("r"), page: 5)
        #expect(model.press(.character("y"), page: 5) == .change(.retry(job: "job_b", queue: "charges")))
        model.view = .cron
        _ = model.press(.character("r"), page: 5)
        #expect(model.press(.character("Y"), page: 5) == .change(.runSchedule("ledger-check")))
        _ = model.press(.character("r"), page: 5)
        #expect(model.press(.control("c"), page: 5) == .quit)
    }

    @Test("read-only refuses what changes something, and says why")
    func readOnly() {
        var model = TopSample.model(readOnly: true)
        for key in [Key.character("p"), .character("r")] {
            #expect(model.press(key, page: 5) == nil)
            #expect(model.prompt == nil && model.message?.isError == true)
        }
        #expect(model.press(.character("q"), page: 5) == .quit)
    }

    @Test("the queues are sorted as s says, by name where they are equal")
    func sorting() {
        var model = TopSample.model()
        func names() -> [String] { Array(model.queues.map(\.status.name).prefix(3)) }
        #expect(names() == ["charges", "fulfilment", "ingest"])
        for first in [
            ["ingest", "links", "charges"], ["ingest", "links", "charges"], ["charges", "fulfilment", "ingest"],
        ] {
            _ = model.press(.character("s"), page: 5)
            #expect(names() == first, "\(model.order)")
        }
        #expect(model.selectedQueue?.status.name == "charges")
    }

    @Test("alarms say what to look at, the worst first")
    func alarms() {
        #expect(
            TopSample.model().alarms == [
                "no worker: ingest 12.3k", "silent: pool-3 90s", "failing: mail 40%", "paused: links 9",
                "dead: charges 2", "parked: webhooks 7",
            ])
    }

    @Test("rates are those of the last ten seconds, over the turn of a minute too")
    func rates() {
        var track = QueueTrack()
        var counted: [Int64: Int] = [:]
        let start = TopSample.at + 50_000
        for second in 0...30 {
            let at = start + Int64(second) * 1_000
            counted[at / 60_000, default: 100] += second > 10 ? 5 : 0
            var status = TopSample.queue("q", at: at)
            status.minutes = [at / 60_000, at / 60_000 - 1].map { minute in
                var counters = QueueCounters()
                counters.enqueued = counted[minute] ?? 0
                return QueueStatus.Minute(minute: minute, counters: counters)
            }
            track.take(status)
            if second == 10 { #expect(track.rates.in == 10) }
            if second == 30 { #expect(track.rates.in == 5) }
        }
        #expect(track.rates.out == 0)
        #expect(track.series(3) { $0.enqueued } == [0, 100, 200])
    }

    @Test("before there are two looks, rates are those of the last minute and of this one")
    func firstRates() {
        var track = QueueTrack()
        track.take(TopSample.queue("q", done: [30, 60, 1_000], at: TopSample.at + 30_000))
        #expect(track.rates.out == 1)
        #expect(track.rates.in == 102.0 / 90)
    }

    @Test("after an outage the minutes that were missed are asked for")
    func gap() {
        var model = TopModel(title: "", interval: 2_000)
        #expect(model.minutesWanted == 30)
        model.tick(TopSample.at)
        model.take(TopSample.snapshot)
        #expect(model.minutesWanted == 2)
        model.tick(TopSample.at + 200_000)
        #expect(model.minutesWanted == 5)
        model.tick(TopSample.at + 86_400_000)
        #expect(model.minutesWanted == 30)
    }

    @Test("scrolling keeps the selected row in sight")
    func scrolling() {
        var model = TopSample.model()
        for (index, top) in [(0, 0), (2, 0), (3, 1), (5, 3), (4, 3), (2, 2)] {
            model.select(index)
            model.scroll(rows: 3)
            #expect(model.first[.queues] == top, "\(index)")
        }
        model.scroll(rows: 10)
        #expect(model.first[.queues] == 0)
    }

    @Test("at 80 by 24 no number is cut, however large, and a quiet worker serves nothing")
    func extremes() {
        var snapshot = TopSample.snapshot
        let huge = 123_456
        var worker = TopSample.worker("pool-1", ["maintenance"], places: 999)
        snapshot.queues = [
            TopSample.queue(
                "maintenance", waiting: huge, running: huge, scheduled: huge, dead: huge, oldest: 999 * 86_400_000,
                done: [huge, huge], failed: 1)
        ]
        snapshot.workers = [worker]
        snapshot.dead = [TopSample.dead("job_a", "charges", "no", ago: 999)]
        snapshot.schedules = [999, 119_000, 170_000_000, 999 * 86_400_000].enumerated().map { index, ahead in
            var entry = TopSample.schedule("s\(index)")
            entry.nextTick = TopSample.at + Int64(ahead)
            entry.seenAt = TopSample.at - 130_000
            return entry
        }
        let drawing = TopDrawing(features: TerminalFeatures(hasUnicode: true))
        var model = TopSample.model()
        model.take(snapshot)
        for view in TopView.allCases {
            model.view = view
            let lines = drawing.draw(model, columns: 80, rows: 24).lines
            let rows = lines[4..<9].joined(separator: "\n")
            #expect(!rows.contains("…"), "\(rows)")
        }
        model.view = .queues
        let heading = drawing.draw(model, columns: 80, rows: 24).lines[4]
        for column in ["RUN", "OLDEST", "SCHED", "PER MIN"] { #expect(heading.contains(column), "\(column)") }
        #expect(model.queues[0].workers == 1)
        worker.state = "quiet"
        snapshot.workers = [worker]
        model.take(snapshot)
        #expect(model.queues[0].workers == 0)
    }

    @Test("numbers, spans and curves stay as wide as their columns")
    func formats() {
        #expect(
            [0, 9_999, 10_000, 12_345, 99_999, 123_456, 999_700, 12_345_678].map(Format.count) == [
                "0", "9999", "10.0k", "12.3k", "100k", "123k", "1.0M", "12.3M",
            ])
        for power in 0..<12 {
            for factor in [1, 2, 5, 9, 95, 99, 995, 999] {
                var value = factor
                for _ in 0..<power { value *= 10 }
                if value < 1_000_000_000_000 { #expect(Format.count(value).count <= 5, "\(value)") }
            }
        }
        #expect([0, 0.04, 0.06, 99.94, 99.96, 12_345].map(Format.rate) == ["0", "0", "0.1", "99.9", "100", "12.3k"])
        #expect(
            [nil, 0, 0.0001, 0.05, 0.0996, 0.5, 1].map(Format.percent) == ["-", "0", "0.1", "5.0", "10", "50", "100"])
        #expect(
            [nil, -5, 0, 999, 1_000, 9_949, 10_000, 119_999, 120_000, 7_200_000, 172_800_000].map(Format.span) == [
                "-", "0ms", "0ms", "999ms", "1.0s", "9.9s", "10s", "119s", "2m", "2h", "2d",
            ])
        #expect(Glyphs(hasUnicode: true).sparkline([0, 1, 2, 4, 8]) == "·▂▃▅█")
        #expect(Glyphs(hasUnicode: false).sparkline([0, 1, 2, 4, 8]) == ".-=*@")
        #expect(Glyphs(hasUnicode: true).sparkline([0, 0]) == "··")
    }
}
