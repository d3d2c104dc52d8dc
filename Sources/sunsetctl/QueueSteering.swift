public import ArgumentParser
import Foundation
public import JobQueue

extension QueueHistory.Step: ExpressibleByArgument {}

struct QueueHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "What a queue did, by minute, hour or day, the newest last.")
    @Argument(help: "The queue.", completion: Offered.queue) var queue: String
    @Option(help: "The step: minute, hour, day.") var by = QueueHistory.Step.minute
    @Option(help: "How many steps.") var count = 30
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...by.maximumCount).contains(count) else {
            throw ValidationError("--count is \(count); by \(by.rawValue) it must be 1 to \(by.maximumCount).")
        }
    }

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await common.requireQueue(queue, inspector)
            let history = try await inspector.history(queue: queue, by: by, count: count)
            guard !common.json else { return try common.printJSON(history) }
            var table = Table([
                by.rawValue.uppercased(), "ENQUEUED", "COMPLETED", "FAILED", "RETRIED", "LAPSED", "DEAD", "CANCELLED",
                "MEAN RUN", "MEAN WAIT",
            ])
            for point in history.points {
                let counters = point.counters
                table.add([
                    Show.time(point.at), "\(counters.enqueued)", "\(counters.completed)", "\(counters.failed)",
                    "\(counters.retried)", "\(counters.lapsed)", "\(counters.dead)", "\(counters.cancelled)",
                    Show.span(point.meanRunMicroseconds.map { Int64($0 / 1000) }),
                    Show.span(point.meanWaitMilliseconds.map { Int64($0) }),
                ])
            }
            table.write()
        }
    }
}

struct QueuePause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stops claims of a queue; what runs goes on, and jobs can be enqueued.")
    @Argument(help: "The queue.", completion: Offered.queue) var queue: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await common.requireQueue(queue, inspector)
            let changed = try await inspector.pause(queue: queue)
            try common.report(
                "queue \(queue) is paused" + (changed ? "" : " (it was already)"), ["queue": queue, "state": "paused"])
        }
    }
}

struct QueueResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets a paused queue be claimed again.")
    @Argument(help: "The queue.", completion: Offered.queue) var queue: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await common.requireQueue(queue, inspector)
            let changed = try await inspector.resume(queue: queue)
            try common.report(
                "queue \(queue) is active" + (changed ? "" : " (it was already)"), ["queue": queue, "state": "active"])
        }
    }
}

struct QueueDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Waits until nothing waits and nothing runs; scheduled jobs do not count.",
        discussion: "Stop the producers first: what they enqueue is waited for as well. Ends with 1 after --timeout.")
    @Argument(help: "The queue.", completion: Offered.queue) var queue: String
    @Option(help: "Seconds after which it gives up.") var timeout: Double = .infinity
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await common.requireQueue(queue, inspector)
            let end = ContinuousClock.now + .seconds(min(timeout, 1e9))
            let bar = ProgressBar(isShown: !common.json)
            var most = 0
            var last: QueueStatus?
            for try await status in inspector.drain(queue: queue) {
                let left = status.depth + status.running
                most = max(most, left)
                last = status
                bar.show(done: most - left, of: most, "\(left) left")
                guard left == 0 || ContinuousClock.now < end else {
                    bar.end()
                    throw CommonOptions.refuse("queue \(queue) still has \(left) jobs")
                }
            }
            bar.end()
            try common.report(
                "queue \(queue) is empty" + (last?.scheduled ?? 0 > 0 ? ", \(last?.scheduled ?? 0) are scheduled" : ""),
                Drained(queue: queue, left: 0))
        }
    }

    private struct Drained: Encodable {
        let queue: String
        let left: Int
    }
}

struct QueueEmpty: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "empty", abstract: "Deletes the jobs of a queue that do not run, in steps of 500.",
        discussion: "The time grows with the jobs that it deletes (O(n)); Redis does other work between the steps.")
    @Argument(help: "The queue.", completion: Offered.queue) var queue: String
    @Option(help: "Only jobs in this state; without it all but running and completed ones.") var state: JobState?
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await common.requireQueue(queue, inspector)
            let status = try await inspector.queue(named: queue, minutes: 0)
            let count =
                state.map { status.count(of: $0) }
                ?? status.depth + status.scheduled + status.parked + status.dead
            try consent.ask("Delete \(count) jobs of queue \(queue)?")
            let bar = ProgressBar(isShown: !common.json)
            let gone = try await inspector.empty(queue: queue, state: state) { bar.show(done: $0, of: count, "") }
            bar.end()
            try common.report("\(gone) jobs are gone", Emptied(queue: queue, deleted: gone))
        }
    }

    private struct Emptied: Encodable {
        let queue: String
        let deleted: Int
    }
}

struct QueueLimit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit",
        abstract: "Bounds what runs of a queue over all workers; without options it shows the bounds.")
    @Argument(help: "The queue.", completion: Offered.queue) var queue: String
    @Option(help: "The most jobs that run at once, over all workers.") var concurrency: Int?
    @Option(help: "Starts per second, minute or hour: 100/s, 5/m, 1000/h.") var rate: String?
    @Option(help: "How many starts may come at once after a pause; as many as the rate's count without it.")
    var burst: Int?
    @Flag(help: "Take all bounds away.") var clear = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await common.requireQueue(queue, inspector)
            var limits = try await inspector.queue(named: queue, minutes: 0).limits
            if clear {
                limits = QueueLimits()
            }
            if let concurrency { limits.concurrency = concurrency }
            if let rate { limits.rate = try Self.parsed(rate, burst: burst) }
            if clear || concurrency != nil || rate != nil { try await inspector.setLimits(queue: queue, limits) }
            guard !common.json else { return try common.printJSON(limits) }
            print("queue \(queue): \(Show.limits(limits))")
        }
    }

    private static func parsed(_ text: String, burst: Int?) throws -> QueueLimits.RateLimit {
        let spans: [String: Duration] = ["s": .seconds(1), "m": .seconds(60), "h": .seconds(3600)]
        let parts = text.split(separator: "/").map(String.init)
        guard parts.count == 2, let count = Int(parts[0]), let span = spans[parts[1]] else {
            throw ValidationError("--rate is '\(text)'; it must be a number and a span: 100/s, 5/m, 1000/h.")
        }
        return QueueLimits.RateLimit(count, per: span, burst: burst)
    }
}

struct QueueRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Removes an empty queue with its history and bounds; --force empties it first.",
        discussion: """
            With --force the time grows with the queue's jobs (O(n)): those that run are killed, the others deleted, in steps \
            of up to 500.
            """)
    @Argument(help: "The queue.", completion: Offered.queue) var queue: String
    @Flag(help: "Kill and delete its jobs first.") var force = false
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            try await common.requireQueue(queue, inspector)
            try consent.ask("Remove queue \(queue)\(force ? " with all its jobs" : "")?")
            switch try await inspector.remove(queue: queue, force: force) {
            case .removed: try common.report("queue \(queue) is gone", ["queue": queue, "state": "removed"])
            case .notEmpty(let state, let count):
                throw CommonOptions.refuse(
                    "queue \(queue) has \(count) jobs that are \(state.rawValue); --force deletes them")
            }
        }
    }
}
