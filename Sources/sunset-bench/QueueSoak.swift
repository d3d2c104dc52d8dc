import ArgumentParser
import Foundation
import JobQueue
import RedisClient
import TestSupport

struct QueueSoak: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Many jobs through one Redis and one worker process: what both keep must stay bounded.",
        discussion: """
            Steps of equal size: enqueue, drain, look. Fails if Redis ends above its bound (what is remembered of ended \
            jobs, which is capped), or if the worker's memory grows over the second half of the steps.
            """
    )

    @Option(help: "Jobs in all.") var jobs = 10_000_000
    @Option(help: "Jobs of a step.") var step = 250_000
    @Option(help: "Jobs that the worker process runs at once.") var concurrency = 10

    func run() async throws {
        let server = try await BenchServer.start()
        let worker = try WorkerProcess(port: server.port, concurrency: concurrency, every: 1_000)
        defer { worker.stop() }
        let steps = max(4, jobs / step)
        print("\(steps) steps of \(step) jobs of 200 bytes, one worker process")
        Report.row(["jobs", "Redis MiB", "peak MiB", "keys", "worker MiB", "jobs/s"], first: 12)
        let start = try await sample(server)
        Report.row(["0", number(start.memory), "", "\(start.keys)", number(try worker.residentMiB()), ""], first: 12)
        var samples: [Sample] = []
        for index in 1...steps {
            let began = ContinuousClock.now
            try await server.producer.bulk(step)
            let peak = try await sample(server).memory
            _ = try await worker.wait(for: index * step)
            let rate = Double(step) / ((ContinuousClock.now - began) / .seconds(1))
            var sample = try await settled(server)
            sample.worker = try worker.residentMiB()
            samples.append(sample)
            Report.row(
                [
                    "\(index * step)", number(sample.memory), number(peak), "\(sample.keys)", number(sample.worker),
                    Report.number(rate),
                ], first: 12)
        }
        await server.stop()
        try judge(start, samples)
    }

    private struct Sample {
        var memory: Double
        var keys: Int
        var worker = 0.0
    }

    private func number(_ value: Double) -> String { String(format: "%.1f", value) }

    private func sample(_ server: BenchServer) async throws -> Sample {
        Sample(
            memory: Double(try await server.counters().memory) / 1_048_576,
            keys: try await server.send("DBSIZE").int ?? 0)
    }

    /// The state when every completion is recorded and nothing waits to be freed.
    private func settled(_ server: BenchServer) async throws -> Sample {
        while try await server.send("EXISTS", "{bench}:q:bench:jobs", "{bench}:q:bench:lease").int != 0 {
            try await Task.sleep(for: .milliseconds(5))
        }
        return try await sample(server)
    }

    /// Redis may keep what its caps allow, the worker what it had after the first steps and a little.
    private func judge(_ start: Sample, _ samples: [Sample]) throws {
        // 100,000 remembered ids at about 150 bytes each, the counters, and the allocator's slack.
        let redisBound = start.memory + 24
        let half = samples.dropFirst(samples.count / 2)
        let growth = slope(half.map(\.worker)) * Double(half.count)
        let end = samples.last?.memory ?? .nan
        print(
            "\nRedis: \(number(start.memory)) MiB at the start, \(number(end)) at the end; at most \(number(redisBound))."
        )
        print(
            "Worker: \(number(samples.first?.worker ?? .nan)) MiB after the first step, "
                + "\(number(samples.last?.worker ?? .nan)) after the last; "
                + "\(String(format: "%+.2f", growth)) MiB over the second half, at most 2.")
        guard end <= redisBound, growth <= 2 else {
            print("FAILED")
            throw ExitCode.failure
        }
        print("passed")
    }

    /// The slope of a line of least squares, per step.
    private func slope(_ values: [Double]) -> Double {
        let count = Double(values.count)
        let meanX = (count - 1) / 2
        let meanY = values.reduce(0, +) / count
        var above = 0.0
        var below = 0.0
        for (index, value) in values.enumerated() {
            above += (Double(index) - meanX) * (value - meanY)
            below += (Double(index) - meanX) * (Double(index) - meanX)
        }
        return below == 0 ? 0 : above / below
    }
}
