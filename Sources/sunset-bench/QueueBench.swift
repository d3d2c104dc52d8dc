import ArgumentParser
import Foundation
import JobQueue
import Logging
import RedisClient
import ServiceLifecycle
import Synchronization
import TestSupport

/// A job that does nothing, with the payload of 200 bytes that the peer benchmarks use.
struct NoOperation: Job {
    static let name = "bench.noop"
    static let queue = "bench"
    var payload: String
    static let sample = NoOperation(payload: String(repeating: "x", count: 200))
}

struct QueueBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "The job queue and the Redis client, beside redis-benchmark on the same server.",
        discussion:
            "One private Redis on a Unix socket, persistence off. Every repetition measures everything once, in turn."
    )

    @Flag(help: "End with one JSON object.") var json = false
    @Option(help: "How often everything is measured; medians are shown.") var repetitions = 5
    @Option(help: "Jobs in bulk, drain and pipelined figures.") var jobs = 100_000

    func run() async throws {
        let server = try await RedisServer.start()
        defer { server.stop() }
        var report = Report()
        for repetition in 1...max(1, repetitions) {
            FileHandle.standardError.write(Data("bench: repetition \(repetition) of \(repetitions)\n".utf8))
            try await measure(server, into: &report)
        }
        print(
            "private redis-server on a Unix socket, persistence off, \(jobs) jobs of 200 bytes, medians of \(repetitions)"
        )
        report.write(references: [
            "redis_client.lpush_64_per_s": "redis.lpush_c1_p64_per_s",
            "queue.enqueue_bulk_per_s": "redis.lpush_c1_p64_per_s",
            "queue.enqueue_64_per_s": "redis.lpush_c1_p64_per_s",
            "queue.enqueue_single_per_s": "redis.lpush_c1_p1_per_s",
            "queue.drain_per_s": "redis.lpush_c1_p64_per_s",
        ])
        if json { print(try report.json()) }
    }

    private func measure(_ server: RedisServer, into report: inout Report) async throws {
        let client = RedisClient(
            RedisConfiguration(address: .unix(path: server.socketPath)),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        _ = try await client.send(RedisCommand("FLUSHALL"))
        report.add(
            "redis.lpush_c1_p64_per_s", try redisBenchmark(server, requests: 400_000, pipeline: 64))
        report.add("redis.lpush_c1_p1_per_s", try redisBenchmark(server, requests: 20_000, pipeline: 1))
        report.add(
            "redis_client.lpush_64_per_s", try await rate(of: jobs * 2) { try await pushes(client, count: jobs * 2) })
        _ = try await client.send(RedisCommand("FLUSHALL"))

        let queue = JobQueue(
            redis: client, namespace: try Namespace("bench"),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        report.add(
            "queue.enqueue_single_per_s",
            try await rate(of: 5_000) { for _ in 0..<5_000 { try await queue.enqueue(NoOperation.sample) } })
        report.add(
            "queue.enqueue_64_per_s", try await rate(of: jobs) { try await enqueue(queue, tasks: 64, count: jobs) })
        _ = try await client.send(RedisCommand("FLUSHALL"))
        report.add("queue.enqueue_bulk_per_s", try await rate(of: jobs) { try await bulk(queue, count: jobs) })
        report.add("queue.drain_per_s", try await drain(queue, count: jobs))
        let latencies = try await pickups(queue, count: 300)
        report.add("queue.pickup_p50_ms", latencies[latencies.count / 2])
        report.add("queue.pickup_p99_ms", latencies[latencies.count * 99 / 100])
        await client.close()
    }

    private func rate(of count: Int, _ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private func pushes(_ client: RedisClient, count: Int) async throws {
        let value = RedisArgument(NoOperation.sample.payload)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    for _ in 0..<count / 64 { _ = try await client.send(RedisCommand("LPUSH", "bench:list", value)) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func enqueue(_ queue: JobQueue, tasks: Int, count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<tasks {
                group.addTask { for _ in 0..<count / tasks { try await queue.enqueue(NoOperation.sample) } }
            }
            try await group.waitForAll()
        }
    }

    private func bulk(_ queue: JobQueue, count: Int) async throws {
        for _ in 0..<count / 1_000 {
            _ = try await queue.enqueue((0..<1_000).map { _ in try NoOperation.sample.prepared() })
        }
    }

    /// The rate from the worker's start to the last job's run, with everything on: leases, fencing, counters, retention.
    private func drain(_ queue: JobQueue, count: Int) async throws -> Double {
        let done = Progress(goal: count / 1_000 * 1_000)
        var handlers = JobHandlers()
        handlers.register(NoOperation.self) { _, _ in done.add() }
        let start = ContinuousClock.now
        try await withWorker(queue, handlers) { await done.wait() }
        return Double(count) / (((done.finished ?? .now) - start) / .seconds(1))
    }

    /// Milliseconds from just before the enqueue to the start of the handler on an idle worker, sorted.
    private func pickups(_ queue: JobQueue, count: Int) async throws -> [Double] {
        let (stream, continuation) = AsyncStream<ContinuousClock.Instant>.makeStream()
        var handlers = JobHandlers()
        handlers.register(NoOperation.self) { _, _ in _ = continuation.yield(.now) }
        var latencies: [Double] = []
        try await withWorker(queue, handlers) {
            var starts = stream.makeAsyncIterator()
            for index in 0..<count {
                try await Task.sleep(for: .milliseconds(5))
                let sent = ContinuousClock.now
                try await queue.enqueue(NoOperation.sample)
                guard let started = await starts.next() else { return }
                if index >= 20 { latencies.append((started - sent) / .milliseconds(1)) }
            }
        }
        return latencies.sorted()
    }

    private func withWorker(_ queue: JobQueue, _ handlers: JobHandlers, _ body: () async throws -> Void) async throws {
        let worker = JobWorker(
            queue: queue, handlers: handlers,
            configuration: JobWorkerConfiguration(queues: [WorkerQueue("bench", concurrency: 64)], name: "bench"),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await worker.run() }
        do {
            try await body()
        } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        _ = await running.result  // its end by cancellation is the expected one
    }

    private func redisBenchmark(_ server: RedisServer, requests: Int, pipeline: Int) throws -> Double {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "redis-benchmark", "-s", server.socketPath, "-t", "lpush", "-d", "200", "-c", "1", "-P", "\(pipeline)",
            "-n",
            "\(requests)", "--csv",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("\"LPUSH") }),
            let rate = Double(line.split(separator: ",")[1].filter { $0 != "\"" })
        else { throw ValidationError("redis-benchmark printed no LPUSH line: \(text)") }
        return rate
    }
}

/// Counts runs up to a goal and says when it was reached.
final class Progress: Sendable {
    private let goal: Int
    private let state = Mutex<(count: Int, finished: ContinuousClock.Instant?)>((0, nil))
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init(goal: Int) {
        self.goal = goal
        (stream, continuation) = AsyncStream.makeStream()
    }

    var finished: ContinuousClock.Instant? { state.withLock { $0.finished } }

    func add() {
        let isReached = state.withLock { state in
            state.count += 1
            guard state.count == goal else { return false }
            state.finished = .now
            return true
        }
        if isReached { continuation.finish() }
    }

    func wait() async {
        for await _ in stream {}
    }
}
