import Foundation
import JobQueue
import RedisClient
import TestSupport

/// What one repetition measures.
struct QueueMeasurements {
    let memory: BenchServer
    let synced: BenchServer
    let peers: [Peer]
    let concurrency: Int
    let scale: Double

    var drained: Int { size(100_000) }
    var drainedSynced: Int { size(20_000) }

    func stop() async {
        await memory.stop()
        await synced.stop()
    }

    func size(_ count: Int) -> Int { max(1_000, Int(Double(count) * scale) / 1_000 * 1_000) }

    func measure(into report: inout Report) async throws {
        let benchmark = RedisBenchmark(port: memory.port)
        let value = NoOperation.sample.payload
        try await memory.flush()

        report.add(
            "redis.lpush_c1_p64_per_s",
            try benchmark.rate(clients: 1, pipeline: 64, requests: size(200_000), ["LPUSH", "bench:list", value]))
        report.add("redis_client.lpush_64_per_s", try await rate(of: size(200_000)) { try await pushes($0) })
        try await memory.flush()
        report.add("queue.enqueue_bulk_per_s", try await rate(of: drained) { try await bulk(memory, $0) })
        try await memory.flush()

        report.add(
            "redis.lpush_c1_p1_per_s",
            try benchmark.rate(clients: 1, pipeline: 1, requests: size(20_000), ["LPUSH", "bench:list", value]))
        let call = try await RedisBenchmark.enqueueCall(memory)
        report.add(
            "redis.same_script_c1_p1_per_s",
            try benchmark.rate(clients: 1, pipeline: 1, requests: size(20_000), keyspace: 2_000_000_000, call))
        report.add("queue.enqueue_single_per_s", try await rate(of: size(20_000)) { try await singles($0) })
        try await memory.flush()

        let script = try await memory.send("SCRIPT", "LOAD", "return redis.call('LPUSH',KEYS[1],ARGV[1])").string ?? ""
        report.add(
            "redis.evalsha_c50_p16_per_s",
            try benchmark.rate(
                clients: 50, pipeline: 16, requests: size(200_000), ["EVALSHA", script, "1", "bench:list", value]))
        report.add("queue.enqueue_64_per_s", try await rate(of: drained) { try await coalesced($0) })
        try await memory.flush()

        for peer in peers {
            let figures = try peer.measure("drain", port: memory.port, ["--queued", "\(drained)"])
            report.add("peer.\(peer.name).drain_per_s", figures["drain_per_s"] ?? .nan)
        }
        try await memory.flush()
        try await measureDrain(into: &report)

        for peer in peers {
            let figures = try peer.measure("latency", port: memory.port)
            report.add("peer.\(peer.name).pickup_p50_ms", figures["pickup_p50_ms"] ?? .nan)
            report.add("peer.\(peer.name).pickup_p99_ms", figures["pickup_p99_ms"] ?? .nan)
        }
        try await memory.flush()
        try await measureIdle(into: &report)

        for peer in peers {
            let options = ["--queued", "\(size(4_000))", "--jobs", "\(size(4_000))"]
            let figures = try peer.measure("drain", port: synced.port, options)
            report.add("peer.\(peer.name).drain_fsync_per_s", figures["drain_per_s"] ?? .nan)
        }
        try await synced.flush()
        try await bulk(synced, drainedSynced)
        report.add("queue.drain_fsync_per_s", try await drain(synced, drainedSynced))
        try await synced.flush()
    }

    private func measureDrain(into report: inout Report) async throws {
        try await bulk(memory, drained)
        let before = try await memory.counters()
        let rate = try await drain(memory, drained) {
            let used = try await memory.counters() - before
            let jobs = Double(drained)
            report.add("queue.redis_calls_per_job", Double(used.calls) / jobs)
            report.add("queue.round_trips_per_job", Double(used.reads) / jobs)
            report.add("queue.drain_redis_us", used.cpuSeconds / jobs * 1e6)
            report.add("queue.drain_worker_us", try $0.cpuSeconds() / jobs * 1e6)
        }
        report.add("queue.drain_per_s", rate)
        try await memory.flush()
    }

    /// The steady rate of one worker process on what is queued: of the last 90 %, as the peers' is taken.
    private func drain(
        _ server: BenchServer, _ count: Int, then body: (WorkerProcess) async throws -> Void = { _ in }
    ) async throws -> Double {
        let worker = try WorkerProcess(port: server.port, concurrency: concurrency, every: count / 10)
        defer { worker.stop() }
        let lines = try await worker.wait(for: count)
        while try await server.send("HLEN", "{bench}:q:bench:jobs").int != 0 {
            try await Task.sleep(for: .milliseconds(1))
        }
        try await body(worker)
        guard let first = lines.first, let last = lines.last, last[1] > first[1] else { return .nan }
        return Double(last[0] - first[0]) / Double(last[1] - first[1]) * 1e9
    }

    /// Pick-up on an idle worker, one job every 5 ms as with the peers, then the commands of a worker with nothing to do.
    private func measureIdle(into report: inout Report) async throws {
        let worker = try WorkerProcess(port: memory.port, concurrency: concurrency, every: 20, latencies: true)
        defer { worker.stop() }
        for _ in 0..<20 { try await memory.queue.enqueue(NoOperation.make()) }
        _ = try await worker.wait(for: 20)
        try await Task.sleep(for: .milliseconds(1_200))
        let jobs = 500
        let start = ContinuousClock.now
        for index in 0..<jobs {
            try await Task.sleep(until: start + .milliseconds(5 * index))
            try await memory.queue.enqueue(NoOperation.make())
        }
        let latencies = try await worker.wait(for: 20 + jobs).dropFirst().flatMap { $0.dropFirst(2) }.sorted()
        report.add("queue.pickup_p50_ms", Double(latencies[latencies.count / 2]) / 1e6)
        report.add("queue.pickup_p99_ms", Double(latencies[latencies.count * 99 / 100]) / 1e6)

        try await Task.sleep(for: .seconds(1))
        let seconds = scale < 1 ? 3 : 10
        let before = try await memory.counters()
        let commands = try await RedisBenchmark.clientCommands(port: memory.port, seconds: seconds)
        let calls = try await memory.counters().calls - before.calls
        report.add("queue.idle_commands_per_s", Double(commands) / Double(seconds))
        report.add("queue.idle_calls_per_s", Double(calls) / Double(seconds))
    }

    // MARK: Producers

    func rate(of count: Int, _ body: (Int) async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body(count)
        return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private func pushes(_ count: Int) async throws {
        let client = memory.client
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

    private func singles(_ count: Int) async throws {
        for _ in 0..<count { try await memory.queue.enqueue(NoOperation.sample) }
    }

    private func coalesced(_ count: Int) async throws {
        let queue = memory.queue
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask { for _ in 0..<count / 64 { try await queue.enqueue(NoOperation.sample) } }
            }
            try await group.waitForAll()
        }
    }

    /// Prepares and enqueues in calls of 10,000.
    func bulk(_ server: BenchServer, _ count: Int) async throws {
        for start in stride(from: 0, to: count, by: 10_000) {
            let jobs = try (start..<min(count, start + 10_000)).map { _ in try NoOperation.sample.prepared() }
            try await server.queue.enqueue(jobs)
        }
    }
}
