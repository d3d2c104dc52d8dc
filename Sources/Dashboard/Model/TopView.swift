import JobQueue

/// What the screen is about.
public enum TopView: Int, Sendable, CaseIterable {
    /// The queues.
    case queues
    /// The worker processes.
    case workers
    /// The dead jobs.
    case dead
    /// The periodic jobs.
    case cron

    var title: String {
        switch self {
        case .queues: "Queues"
        case .workers: "Workers"
        case .dead: "Dead"
        case .cron: "Cron"
        }
    }

    func moved(by step: Int) -> TopView {
        let count = Self.allCases.count
        return Self.allCases[(rawValue + step + count) % count]
    }
}

/// By what the queues are sorted.
enum TopOrder: String, Sendable, CaseIterable {
    case name, waiting, oldest, dead

    var next: TopOrder {
        let all = Self.allCases
        return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }

    func isBefore(_ left: QueueRow, _ right: QueueRow) -> Bool {
        func key(_ row: QueueRow) -> Int64 {
            switch self {
            case .name: 0
            case .waiting: Int64(row.status.depth)
            case .oldest: row.status.latencyMilliseconds ?? -1
            case .dead: Int64(row.status.dead)
            }
        }
        return (key(right), left.status.name) < (key(left), right.status.name)
    }
}
