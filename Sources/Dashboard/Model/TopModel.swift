import JobQueue

/// What the screen shows and what was pressed: a value that keys and snapshots change, and nothing else.
public struct TopModel: Sendable {
    /// How it stands with Redis.
    enum Connection: Sendable, Hashable {
        /// Nothing was read yet.
        case connecting
        /// The last read went well.
        case connected
        /// Reads fail since then (local Unix milliseconds), and why.
        case lost(since: Int64, reason: String)
    }

    /// A question that waits for y.
    struct Prompt: Sendable, Hashable {
        var question: String
        var change: TopChange
    }

    /// What was done, or went wrong.
    struct Message: Sendable, Hashable {
        var text: String
        var isError: Bool
        var until: Int64
    }

    /// How long a message stands, in milliseconds.
    static let messageTime: Int64 = 8_000

    /// What it is connected to, for the heading.
    let title: String
    /// Milliseconds between two reads.
    let interval: Int64
    /// Whether keys that change something are refused.
    let isReadOnly: Bool

    /// What the screen is about.
    public internal(set) var view = TopView.queues
    var order = TopOrder.name
    var showsHelp = false
    var prompt: Prompt?
    var message: Message?
    var connection = Connection.connecting
    /// The local time, in Unix milliseconds.
    public var now: Int64 = 0
    var at: Int64 = 0
    var queues: [QueueRow] = []
    var workers: [WorkerRecord] = []
    var dead: [JobRecord]?
    var schedules: [ScheduleRecord]?
    /// What is selected in each view, by its id: the selection stays with its row while rows come and go.
    var selected: [TopView: String] = [:]
    /// The first row that is shown of each view.
    var first: [TopView: Int] = [:]
    /// Whether no row is marked: nobody can move a mark on paper.
    var hidesSelection = false
    private var tracks: [String: QueueTrack] = [:]
    private var isPlaced: [TopView: Int] = [:]

    /// Creates a model that has seen nothing.
    public init(title: String, interval: Int64, isReadOnly: Bool = false) {
        self.title = title
        self.interval = interval
        self.isReadOnly = isReadOnly
    }

    /// The most minutes of counters that are read.
    static let minutesRead = 30

    /// How many minutes of counters the next snapshot must have, so that no gap is left; at the start, the last half hour.
    public var minutesWanted: Int {
        guard at > 0 else { return Self.minutesRead }
        let gap = Int(max(0, now - seenAt) / 60_000)
        return min(Self.minutesRead, gap + 2)
    }
    private var seenAt: Int64 = 0

    /// Takes over what was read.
    public mutating func take(_ snapshot: TopSnapshot) {
        connection = .connected
        at = snapshot.at
        seenAt = now
        var tracks: [String: QueueTrack] = [:]
        queues = snapshot.queues.map { status in
            var track = self.tracks[status.name] ?? QueueTrack()
            track.take(status)
            tracks[status.name] = track
            let serving = snapshot.workers.filter { $0.serves(status.name) }
            return QueueRow(
                status: status, track: track, workers: serving.count,
                places: serving.reduce(0) { $0 + $1.concurrency })
        }
        self.tracks = tracks
        sort()
        workers = snapshot.workers.sorted {
            ($0.isStale ? 0 : 1, $0.host, $0.name, $0.id) < ($1.isStale ? 0 : 1, $1.host, $1.name, $1.id)
        }
        if let dead = snapshot.dead { self.dead = dead }
        if let schedules = snapshot.schedules { self.schedules = schedules }
        TopView.allCases.forEach { place($0) }
    }

    /// A read failed.
    public mutating func lose(_ reason: String) {
        if case .lost(let since, _) = connection {
            connection = .lost(since: since, reason: reason)
        } else {
            connection = .lost(since: now, reason: reason)
        }
    }

    /// Says what was done, or what went wrong.
    public mutating func say(_ text: String, isError: Bool = false) {
        message = Message(text: text, isError: isError, until: now + Self.messageTime)
    }

    /// Lets time pass.
    public mutating func tick(_ now: Int64) {
        self.now = now
        if let message, message.until <= now { self.message = nil }
    }

    mutating func sort() {
        queues.sort { order.isBefore($0, $1) }
    }

    // MARK: Rows

    /// The ids of a view's rows, in their order.
    func ids(_ view: TopView) -> [String] {
        switch view {
        case .queues: queues.map(\.status.name)
        case .workers: workers.map(\.id)
        case .dead: (dead ?? []).map { $0.queue + " " + $0.id.rawValue }
        case .cron: (schedules ?? []).map(\.name)
        }
    }

    /// The place of the selected row; `nil` without rows.
    func selectedIndex(_ view: TopView) -> Int? {
        let ids = ids(view)
        return selected[view].flatMap { ids.firstIndex(of: $0) } ?? (ids.isEmpty ? nil : 0)
    }

    /// Selects the row that is there; one that is gone hands the selection to the one that came to its place.
    mutating func place(_ view: TopView) {
        let ids = ids(view)
        guard !ids.isEmpty else { return }
        let known = selected[view].flatMap { ids.firstIndex(of: $0) }
        let index = known ?? min(isPlaced[view] ?? 0, ids.count - 1)
        selected[view] = ids[index]
        isPlaced[view] = index
    }

    mutating func select(_ index: Int) {
        let ids = ids(view)
        guard !ids.isEmpty else { return }
        let index = min(max(index, 0), ids.count - 1)
        selected[view] = ids[index]
        isPlaced[view] = index
    }

    /// Scrolls so that the selected row is among the `rows` that are shown.
    public mutating func scroll(rows: Int) {
        let count = ids(view).count
        guard rows > 0, let index = selectedIndex(view) else {
            first[view] = 0
            return
        }
        var top = min(first[view] ?? 0, max(0, count - rows))
        if index < top { top = index }
        if index >= top + rows { top = index - rows + 1 }
        first[view] = top
    }

    var selectedQueue: QueueRow? { selectedIndex(.queues).map { queues[$0] } }
    var selectedWorker: WorkerRecord? { selectedIndex(.workers).map { workers[$0] } }
    var selectedDead: JobRecord? { selectedIndex(.dead).flatMap { dead?[$0] } }
    var selectedSchedule: ScheduleRecord? { selectedIndex(.cron).flatMap { schedules?[$0] } }
}
