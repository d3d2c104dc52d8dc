internal import Foundation
internal import Logging
internal import Subprocess
internal import Synchronization

#if canImport(System)
    internal import System
#else
    internal import SystemPackage
#endif

/// One place of the pool: a process of a queue that is kept running until it is retired.
final class WorkerSlot: Sendable {
    /// How a slot's processes are started.
    struct Launch: Sendable {
        let executable: String
        let arguments: [String]
        let grace: Duration
        let runFolder: String
        let logger: Logger
    }

    private struct State {
        var task: Task<Void, Never>?
        var isRetired = false
        /// When the process that runs now was started.
        var startedAt: ContinuousClock.Instant?
    }

    let queue: String
    let number: Int
    private let launch: Launch
    private let state = Mutex(State())

    init(queue: String, number: Int, launch: Launch) {
        self.queue = queue
        self.number = number
        self.launch = launch
    }

    var name: String { "\(queue)-\(number)" }
    var isRetired: Bool { state.withLock { $0.isRetired } }
    /// How long the process that runs now has run.
    var age: Duration? { state.withLock { $0.startedAt }.map { ContinuousClock.now - $0 } }

    /// The process's id, once it is ready for work.
    var pid: Int32? {
        // No file: it starts, or has ended.
        let text = try? String(contentsOfFile: "\(launch.runFolder)/\(name).pid", encoding: .utf8)
        return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// Keeps a process running until ``retire()`` or cancellation, then lets it drain and returns when it has ended.
    func run() async {
        let task = Task { await keepRunning() }
        let isRetired = state.withLock { state in
            state.task = task
            return state.isRetired
        }
        if isRetired { task.cancel() }
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            retire()
        }
    }

    /// Sends SIGTERM; the process drains, and is killed when its grace is over.
    func retire() {
        state.withLock { state in
            state.isRetired = true
            return state.task
        }?.cancel()
    }

    /// Kills the process at once; the slot starts another.
    func replaceNow() {
        if let pid { kill(pid, SIGKILL) }
    }

    /// Starts the process again and again; the pause grows while it dies young.
    private func keepRunning() async {
        var failures = 0
        while !Task.isCancelled {
            let started = ContinuousClock.now
            state.withLock { $0.startedAt = started }
            let ending = await runOnce()
            state.withLock { $0.startedAt = nil }
            if Task.isCancelled { return }
            failures = ContinuousClock.now - started > .seconds(60) ? 0 : failures + 1
            let longest = min(0.1 * pow(2, Double(failures)), 10)
            let pause = Double.random(in: longest / 2...longest)
            launch.logger.warning(
                "worker \(name) ended (\(ending)); it is started again",
                metadata: ["pause_s": "\((pause * 100).rounded() / 100)", "failures": "\(failures)"])
            try? await Task.sleep(for: .seconds(pause))  // cancellation ends the pause, and the loop with it
        }
    }

    private func runOnce() async -> String {
        var options = PlatformOptions()
        // A group of its own: Ctrl-C in a terminal reaches the supervisor alone, which then stops its workers in order.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: launch.grace + .seconds(5))]
        do {
            let pipe = try FileDescriptor.pipe()
            defer { try? pipe.writeEnd.close() }  // the child has ended: nothing is left to tell it
            _ = fcntl(pipe.writeEnd.rawValue, F_SETFD, FD_CLOEXEC)
            let result = try await Subprocess.run(
                .path(FilePath(launch.executable)),
                arguments: Arguments(
                    ["run", "--queue", queue, "--number", "\(number)", "--supervised"] + launch.arguments),
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
