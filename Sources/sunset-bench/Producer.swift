import ArgumentParser
import JobQueue
import RedisClient

/// The ways to enqueue that are measured.
struct Producer {
    let client: RedisClient
    let queue: JobQueue

    static func rate(of count: Int, _ body: (Int) async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body(count)
        return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
    }

    /// The client alone: LPUSH from 64 tasks.
    func pushes(_ count: Int) async throws {
        let value = RedisArgument(NoOperation.sample.payload)
        try await withThrowingTaskGroup(of: Void.self) { [client] group in
            for _ in 0..<64 {
                group.addTask {
                    for _ in 0..<count / 64 { _ = try await client.send(RedisCommand("LPUSH", "bench:list", value)) }
                }
            }
            try await group.waitForAll()
        }
    }

    /// One after another from one task.
    func singles(_ count: Int) async throws {
        for _ in 0..<count { try await queue.enqueue(NoOperation.sample) }
    }

    /// Singly from 64 tasks at once.
    func coalesced(_ count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { [queue] group in
            for _ in 0..<64 {
                group.addTask { for _ in 0..<count / 64 { try await queue.enqueue(NoOperation.sample) } }
            }
            try await group.waitForAll()
        }
    }

    /// Prepares and enqueues in calls of 10,000.
    func bulk(_ count: Int) async throws {
        for start in stride(from: 0, to: count, by: 10_000) {
            let jobs = try (start..<min(count, start + 10_000)).map { _ in try NoOperation.sample.prepared() }
            try await queue.enqueue(jobs)
        }
    }
}

/// One way to enqueue in a process of its own, for a profiler.
struct BenchProducer: AsyncParsableCommand {
    enum Way: String, ExpressibleByArgument {
        case pushes, singles, coalesced, bulk
    }

    static let configuration = CommandConfiguration(commandName: "produce", shouldDisplay: false)

    @Argument var way: Way
    @Option var port: Int
    @Option var jobs: Int

    func run() async throws {
        let client = RedisClient(
            RedisConfiguration(address: .tcp(host: "127.0.0.1", port: port)), logger: BenchServer.logger)
        let producer = Producer(
            client: client,
            queue: JobQueue(redis: client, namespace: try Namespace("bench"), logger: BenchServer.logger))
        let rate = try await Producer.rate(of: jobs) { count in
            switch way {
            case .pushes: try await producer.pushes(count)
            case .singles: try await producer.singles(count)
            case .coalesced: try await producer.coalesced(count)
            case .bulk: try await producer.bulk(count)
            }
        }
        await client.close()
        print(Report.number(rate))
    }
}
