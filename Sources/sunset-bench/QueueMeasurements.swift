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

    private var benchmark: RedisBenchmark { RedisBenchmark(port: memory.port) }
    private var value: String { NoOperation.sample.payload }

    var drained: Int { size(100_000) }
    var drainedSynced: Int { size(20_000) }

    func stop() async {
        await memory.stop()
        await synced.stop()
    }

    func size(_ count: Int) -> Int { max(1_000, Int(Double(count) * scale) / 1_000 * 1_000) }

    /// What is measured together, because ours and the reference stand side by side; named for `--only`.
    enum Part: String, CaseIterable {
        case lpush, single, coalesced, drain, idle, fsync, growth
    }

    func measure(_ part: Part, into report: inout Report) async throws {
        try await memory.flush()
        switch part {
        case .lpush: try await measurePushes(into: &report)
        case .single: try await measureSingle(into: &report)
        case .coalesced: try await measureCoalesced(into: &report)
        case .drain: try await measureDrain(into: &report)
        case .idle: try await measureIdle(into: &report)
        case .fsync: try await measureSynced(into: &report)
        case .growth: break
        }
        try await memory.flush()
    }

    private func measurePushes(into report: inout Report) async throws {
        report.add(
            "redis.lpush_c1_p64_per_s",
            try benchmark.rate(clients: 1, pipeline: 64, requests: size(400_000), ["LPUSH", "bench:list", value]))
        report.add(
            "redis_client.lpush_64_per_s",
            try await Producer.rate(of: size(400_000)) { try await memory.producer.pushes($0) })
        try await memory.flush()
        let before = try await memory.counters()
        report.add(
            "queue.enqueue_bulk_per_s", try await Producer.rate(of: drained) { try await memory.producer.bulk($0) })
        let used = try await memory.counters() - before
        report.add("queue.enqueue_bulk_redis_us", used.cpuSeconds / Double(drained) * 1e6)
    }

    private func measureSingle(into report: inout Report) async throws {
        report.add(
            "redis.lpush_c1_p1_per_s",
            try benchmark.rate(clients: 1, pipeline: 1, requests: size(20_000), ["LPUSH", "bench:list", value]))
        let call = try await RedisBenchmark.enqueueCall(memory)
        report.add(
            "redis.same_script_c1_p1_per_s",
            try benchmark.rate(clients: 1, pipeline: 1, requests: size(20_000), keyspace: 2_000_000_000, call))
        report.add(
            "queue.enqueue_single_per_s",
            try await Producer.rate(of: size(20_000)) { try await memory.producer.singles($0) })
    }

    private func measureCoalesced(into report: inout Report) async throws {
        let script = try await memory.send("SCRIPT", "LOAD", "return redis.call('LPUSH',KEYS[1],ARGV[1])").string ?? ""
        report.add(
            "redis.evalsha_c50_p16_per_s",
            try benchmark.rate(
                clients: 50, pipeline: 16, requests: size(200_000), ["EVALSHA", script, "1", "bench:list", value]))
        report.add(
            "queue.enqueue_64_per_s", try await Producer.rate(of: drained) { try await memory.producer.coalesced($0) })
    }

    private func measureDrain(into report: inout Report) async throws {
        for peer in peers {
            let figures = try peer.measure("drain", port: memory.port, ["--queued", "\(drained)"])
            report.add("peer.\(peer.name).drain_per_s", figures["drain_per_s"] ?? .nan)
        }
        try await memory.flush()
        try await memory.producer.bulk(drained)
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
    }

    private func measureSynced(into report: inout Report) async throws {
        for peer in peers {
            let options = ["--queued", "\(size(4_000))", "--jobs", "\(size(4_000))"]
            let figures = try peer.measure("drain", port: synced.port, options)
            report.add("peer.\(peer.name).drain_fsync_per_s", figures["drain_per_s"] ?? .nan)
        }
        try await synced.flush()
        try await synced.producer.bulk(drainedSynced)
        report.add("queue.drain_fsync_per_s", try await drain(synced, drainedSynced))
        try await synced.flush()
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
        for peer in peers {
            let figures = try peer.measure("latency", port: memory.port)
            report.add("peer.\(peer.name).pickup_p50_ms", figures["pickup_p50_ms"] ?? .nan)
            report.add("peer.\(peer.name).pickup_p99_ms", figures["pickup_p99_ms"] ?? .nan)
        }
        try await memory.flush()
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
}
