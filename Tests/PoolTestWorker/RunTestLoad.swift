import ArgumentParser
import Assembly
import Foundation
import JobQueue
import Logging
import RedisClient
import Settings

/// Loads the queue of a running pool and writes down, second by second, what becomes of it (scripts/scaler-plot).
struct RunTestLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "load")

    @Option var shape: String
    /// Milliseconds that each job sleeps.
    @Option var sleep = 500
    @Argument(parsing: .allUnrecognized) var settings: [String] = []

    func run() async throws {
        guard let shape = LoadShape(rawValue: shape) else {
            throw ValidationError("--shape is one of \(LoadShape.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let settings = try Settings(flags: settings)
        let logger = Logger(label: "load")
        let (redis, queue) = try Installation.openQueue(settings, role: "load", logger: logger)
        let begin = ContinuousClock.now
        try Self.write("shape,second,rate,latency_s,waiting,running,wanted,ready,completed")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.enqueue(shape, sleep, queue, since: begin) }
            group.addTask { try await Self.sample(shape, queue, since: begin) }
            try await group.waitForAll()
        }
        await redis.close()
    }

    /// Ten times a second as many jobs as have come due.
    private static func enqueue(
        _ shape: LoadShape, _ sleep: Int, _ queue: JobQueue, since begin: ContinuousClock.Instant
    ) async throws {
        let tick = 0.1
        var owed = 0.0
        var atOnce = shape.atOnce
        for step in 0..<Int(shape.length / tick) {
            let time = Double(step) * tick
            try await Task.sleep(until: begin + .seconds(time), clock: .continuous)
            owed += shape.rate(at: time) * tick
            var count = Int(owed)
            owed -= Double(count)
            if time >= LoadShape.start {
                count += atOnce
                atOnce = 0
            }
            guard count > 0 else { continue }
            let job = PoolTestJob(amount: sleep)
            try await queue.enqueue(try (0..<count).map { _ in try job.prepared() })
        }
    }

    private static func sample(
        _ shape: LoadShape, _ queue: JobQueue, since begin: ContinuousClock.Instant
    ) async throws {
        let inspector = QueueInspector(queue: queue)
        let registry = PoolRegistry(queue: queue)
        let name = PoolTestJob.queue
        for second in 0..<Int(shape.length) {
            try await Task.sleep(until: begin + .seconds(second), clock: .continuous)
            let status = try await inspector.queue(named: name, minutes: 60)
            let shares = try await registry.view().pools.flatMap(\.shares).filter { $0.queue == name }
            let latency = Double(status.latencyMilliseconds ?? 0) / 1000
            let completed = status.minutes.reduce(0) { $0 + $1.completed }
            let wanted = shares.reduce(0) { $0 + $1.wanted }
            let ready = shares.reduce(0) { $0 + $1.ready }
            let fields: [any CustomStringConvertible] = [
                shape.rawValue, second, (shape.rate(at: Double(second)) * 10).rounded() / 10, latency, status.depth,
                status.running, wanted, ready, completed,
            ]
            try write(fields.map { "\($0)" }.joined(separator: ","))
        }
    }

    /// Past stdio's buffer, so that a run can be watched.
    private static func write(_ line: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
    }
}
