import Foundation
import JobQueue
import TestSupport

/// What enqueuing and draining cost while so many jobs are queued.
struct DepthCost {
    var depth: Int
    var enqueuePerSecond = 0.0
    var enqueueMicroseconds = 0.0
    var drainPerSecond = 0.0
    var drainMicroseconds = 0.0
    var redisMiB = 0.0
    var workerMiB = 0.0
    var workerJobs = 0

    /// The time of Redis's processor for one job, in and out.
    var microseconds: Double { enqueueMicroseconds + drainMicroseconds }

    var label: String {
        depth >= 1_000_000 ? "\(depth / 1_000_000)m" : "\(depth / 1_000)k"
    }

    var row: String {
        let widths = [10, 11, 18, 10, 19, 12]
        let cells = [
            "\(depth)", Report.number(enqueuePerSecond), String(format: "%.2f", enqueueMicroseconds),
            Report.number(drainPerSecond), String(format: "%.2f", drainMicroseconds), Report.number(redisMiB),
        ]
        return zip(cells, widths).map { cell, width in
            String(repeating: " ", count: max(0, width - cell.count)) + cell
        }.joined()
    }
}

extension QueueMeasurements {
    /// The cost at each depth; the worker of the last one goes on to a million jobs, for its memory.
    func measureGrowth(depths: [Int]) async throws -> [DepthCost] {
        var costs: [DepthCost] = []
        for depth in depths {
            costs.append(try await cost(depth: depth, isLast: depth == depths.last))
        }
        return costs
    }

    private func cost(depth: Int, isLast: Bool) async throws -> DepthCost {
        // A server of its own: five million jobs are gone faster with it than by FLUSHALL.
        let server = try await BenchServer.start()
        let worker = try WorkerProcess(port: server.port, concurrency: concurrency, every: 1_000)
        let inspector = QueueInspector(queue: server.queue)
        try await inspector.pause(queue: NoOperation.queue)
        // The first worker's turn sees the pause; from then on it only looks once a second.
        try await Task.sleep(for: .milliseconds(500))
        // A batch is what is put on and taken off while the depth is held: all of a shallow queue, many times.
        let batch = min(depth, size(50_000))
        let rounds = max(1, size(50_000) / batch)
        try await server.producer.bulk(depth - batch)
        var result = DepthCost(depth: depth)
        var enqueueSeconds = 0.0
        var drainSeconds = 0.0
        for round in 1...rounds {
            var before = try await server.counters()
            let start = ContinuousClock.now
            try await server.producer.bulk(batch)
            enqueueSeconds += (ContinuousClock.now - start) / .seconds(1)
            result.enqueueMicroseconds += (try await server.counters() - before).cpuSeconds * 1e6
            result.redisMiB = max(result.redisMiB, Double(try await server.counters().memory) / 1_048_576)

            before = try await server.counters()
            let resumed = monotonicNanoseconds()
            try await inspector.resume(queue: NoOperation.queue)
            let lines = try await worker.wait(for: round * batch)
            result.drainMicroseconds += (try await server.counters() - before).cpuSeconds * 1e6
            if round < rounds { try await inspector.pause(queue: NoOperation.queue) }
            drainSeconds += Double((lines.first { $0[0] >= UInt64(round * batch) }?[1] ?? 0) - resumed) / 1e9
        }
        let jobs = Double(rounds * batch)
        result.enqueuePerSecond = jobs / enqueueSeconds
        result.drainPerSecond = jobs / drainSeconds
        result.enqueueMicroseconds /= jobs
        result.drainMicroseconds /= jobs
        if isLast {
            result.workerJobs = min(1_000_000, depth)
            _ = try await worker.wait(for: result.workerJobs)
            result.workerMiB = try worker.residentMiB()
        }
        worker.stop()
        await server.stop()
        return result
    }
}
