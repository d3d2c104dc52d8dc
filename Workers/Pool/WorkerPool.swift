internal import Foundation
public import Logging
public import ServiceLifecycle
public import Settings
internal import Subprocess

#if canImport(System)
    internal import System
#else
    internal import SystemPackage
#endif

/// Supervises worker processes: as many per queue as the settings say, started again when they die, drained at the end.
///
/// Each child holds the read end of a pipe as its standard input. When the supervisor dies, however it dies, the pipe
/// ends and the children drain: no orphan goes on working.
public struct WorkerPool: Service {
    private let settings: Settings
    private let executable: String
    private let arguments: [String]
    private let logger: Logger

    /// Prepares a pool.
    ///
    /// - Parameters:
    ///   - settings: says how many processes each queue has.
    ///   - executable: the program that each worker runs.
    ///   - arguments: the flags that are passed on to each worker.
    ///   - logger: the pool's logger.
    public init(settings: Settings, executable: String, arguments: [String], logger: Logger) {
        self.settings = settings
        self.executable = executable
        self.arguments = arguments
        self.logger = logger
    }

    /// Runs the pool until graceful shutdown, then sends SIGTERM to every worker and waits for it to drain.
    public func run() async throws {
        let slots = settings.queues.flatMap { queue in
            (0..<queue.processes).map { WorkerSlot(queue: queue.name, number: $0 + 1) }
        }
        let folder = settings.dataDirectory + "/run/workers"
        try PidFile.write(slots.map(\.name).joined(separator: "\n") + "\n", to: folder + "/expected", in: folder)
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for slot in slots {
                    group.addTask { await keepRunning(slot) }
                }
            }
        }
    }

    /// Starts a slot's process again and again until the pool is stopped; the pause grows while it dies young.
    private func keepRunning(_ slot: WorkerSlot) async {
        var failures = 0
        while !Task.isCancelled {
            let started = ContinuousClock.now
            let ending = await runOnce(slot)
            if Task.isCancelled { return }
            failures = ContinuousClock.now - started > .seconds(60) ? 0 : failures + 1
            let longest = min(0.1 * pow(2, Double(failures)), 10)
            let pause = Double.random(in: longest / 2...longest)
            logger.warning(
                "worker \(slot.name) ended (\(ending)); it is started again",
                metadata: ["pause_s": "\((pause * 100).rounded() / 100)", "failures": "\(failures)"])
            try? await Task.sleep(for: .seconds(pause))  // cancellation ends the pause, and the loop with it
        }
    }

    private func runOnce(_ slot: WorkerSlot) async -> String {
        var options = PlatformOptions()
        // A group of its own: Ctrl-C in a terminal reaches the supervisor alone, which then stops its workers in order.
        options.processGroupID = 0
        options.teardownSequence = [
            .gracefulShutDown(allowedDurationToNextStep: settings.workerGrace + .seconds(5))
        ]
        do {
            let pipe = try FileDescriptor.pipe()
            defer { try? pipe.writeEnd.close() }  // the child has ended: nothing is left to tell it
            _ = fcntl(pipe.writeEnd.rawValue, F_SETFD, FD_CLOEXEC)
            let result = try await Subprocess.run(
                .path(FilePath(executable)),
                arguments: Arguments(
                    ["run", "--queue", slot.queue, "--number", "\(slot.number)", "--supervised"] + arguments),
                platformOptions: options,
                input: .fileDescriptor(pipe.readEnd, closeAfterSpawningProcess: true),
                output: .currentStandardOutput,
                error: .currentStandardError)
            return "\(result.terminationStatus)"
        } catch {
            return "\(error)"
        }
    }
}

/// One place of the pool: a queue and a number within it.
struct WorkerSlot: Sendable {
    let queue: String
    let number: Int
    var name: String { "\(queue)-\(number)" }
}
