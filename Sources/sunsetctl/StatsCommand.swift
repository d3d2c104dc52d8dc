import ArgumentParser
import JobQueue

struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All queues in sum: what waits, runs, and was done.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { inspector, _ in
            let queues = try await inspector.queues(minutes: 5)
            let workers = try await inspector.workers()
            let total = Totals(queues: queues, workers: workers)
            guard !common.json else { return try common.printJSON(total) }
            print("queues     \(total.queues)")
            print("workers    \(total.workers) (\(total.places) places)")
            print("waiting    \(total.waiting)")
            print("running    \(total.running)")
            print("scheduled  \(total.scheduled)")
            print("parked     \(total.parked)")
            print("dead       \(total.dead)")
            print("completed  \(total.completed) in 5 min")
            print("failed     \(total.failed) in 5 min")
            print("oldest     \(Show.span(total.oldestMilliseconds))")
        }
    }

    private struct Totals: Encodable {
        let queues: Int
        let workers: Int
        let places: Int
        let waiting: Int
        let running: Int
        let scheduled: Int
        let parked: Int
        let dead: Int
        let completed: Int
        let failed: Int
        let oldestMilliseconds: Int64?

        init(queues: [QueueStatus], workers: [WorkerRecord]) {
            func sum(_ count: (QueueStatus) -> Int) -> Int { queues.reduce(0) { $0 + count($1) } }
            self.queues = queues.count
            self.workers = workers.count
            places = workers.reduce(0) { $0 + $1.concurrency }
            waiting = sum(\.depth)
            running = sum(\.running)
            scheduled = sum(\.scheduled)
            parked = sum(\.parked)
            dead = sum(\.dead)
            completed = sum { $0.minutes.reduce(0) { $0 + $1.completed } }
            failed = sum { $0.minutes.reduce(0) { $0 + $1.failed } }
            oldestMilliseconds = queues.compactMap(\.latencyMilliseconds).max()
        }
    }
}
