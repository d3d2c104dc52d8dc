import ArgumentParser
import Foundation
import JobQueue
import RedisClient
import Synchronization
import TestSupport

/// The worker process that is measured; prints a line for each so many jobs: their count, the monotonic time, and with
/// `--latencies` the nanoseconds from each enqueue to its start.
struct BenchWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

    @Option var port: Int
    @Option var concurrency: Int
    @Option var every: Int
    @Flag var latencies = false

    func run() async throws {
        let client = RedisClient(
            RedisConfiguration(address: .tcp(host: "127.0.0.1", port: port)), logger: BenchServer.logger)
        let queue = JobQueue(redis: client, namespace: try Namespace("bench"), logger: BenchServer.logger)
        let log = RunLog(every: every)
        var handlers = JobHandlers()
        if latencies {
            handlers.register(NoOperation.self) { job, _ in log.add(monotonicNanoseconds() - job.made) }
        } else {
            handlers.register(NoOperation.self) { _, _ in log.add() }
        }
        let worker = JobWorker(
            queue: queue, handlers: handlers,
            configuration: JobWorkerConfiguration(
                queues: [WorkerQueue(NoOperation.queue, concurrency: concurrency)], name: "bench"),
            logger: BenchServer.logger)
        try await worker.run()
    }
}

/// Counts the runs and writes the lines.
private final class RunLog: Sendable {
    private struct State {
        var count = 0
        var latencies: [UInt64] = []
    }

    private let every: Int
    private let state = Mutex(State())

    init(every: Int) { self.every = every }

    func add(_ latency: UInt64? = nil) {
        state.withLock { state in
            state.count += 1
            if let latency { state.latencies.append(latency) }
            guard state.count.isMultiple(of: every) else { return }
            let values = [UInt64(state.count), monotonicNanoseconds()] + state.latencies
            state.latencies.removeAll(keepingCapacity: true)
            let line = values.map(String.init).joined(separator: " ") + "\n"
            FileHandle.standardOutput.write(Data(line.utf8))
        }
    }
}

/// A worker process as its parent sees it.
final class WorkerProcess {
    private let process: ChildProcess
    private let directory: TemporaryDirectory
    private var output: String { directory.file("output") }

    init(port: Int, concurrency: Int, every: Int, latencies: Bool = false) throws {
        directory = try TemporaryDirectory()
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let arguments = ["worker", "--port", "\(port)", "--concurrency", "\(concurrency)", "--every", "\(every)"]
        process = try ChildProcess(
            executable, arguments + (latencies ? ["--latencies"] : []), output: directory.file("output"))
    }

    /// The lines so far.
    func lines() throws -> [[UInt64]] {
        guard FileManager.default.fileExists(atPath: output) else { return [] }
        let text = try String(contentsOfFile: output, encoding: .utf8)
        guard let end = text.lastIndex(of: "\n") else { return [] }
        return text[..<end].split(separator: "\n").map { $0.split(separator: " ").compactMap { UInt64($0) } }
    }

    /// Waits until so many jobs were run.
    func wait(for jobs: Int, seconds: Double = 240) async throws -> [[UInt64]] {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end, process.isRunning {
            let lines = try lines()
            if let last = lines.last, last.count >= 2, last[0] >= UInt64(jobs) { return lines }
            // Fine enough: what is measured are the times in the lines.
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TestSupportError("the worker did not run \(jobs) jobs: \(try lines().last ?? [])")
    }

    /// The resident memory, in MiB.
    func residentMiB() throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { throw TestSupportError("no VmRSS of the worker") }
        return kilobytes / 1024
    }

    /// The processor time used so far, in seconds.
    func cpuSeconds() throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process.pid)/stat", encoding: .utf8)
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw TestSupportError("no times of the worker")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    func stop() {
        process.kill(SIGKILL)
        process.wait()
    }
}
