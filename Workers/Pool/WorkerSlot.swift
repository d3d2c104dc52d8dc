internal import Foundation
internal import Logging
internal import Metrics
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
        /// How long a process may take until it is ready for work.
        let readyWithin: Duration
        let runFolder: String
        let logger: Logger
    }

    private struct State {
        var task: Task<Void, Never>?
        var isRetired = false
        /// When the process that runs now was started.
        var startedAt: ContinuousClock.Instant?
        var processID: Int32?
        /// Why the process is killed; `nil` if nobody asked for its end.
        var cause: String?
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
        // No file: it starts, or has ended. Another's number: one that was killed left its file.
        let text = try? String(contentsOfFile: "\(launch.runFolder)/\(name).pid", encoding: .utf8)
        let number = text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        return number == state.withLock { $0.processID } ? number : nil
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

    /// Counts a restart.
    static func count(_ queue: String, _ cause: String) {
        Counter(label: "sunset_pool_restarts_total", dimensions: [("cause", cause), ("queue", queue)]).increment()
    }

    /// Kills the process at once, ready or not; the slot starts another.
    func replaceNow(cause: String) {
        // Under the lock: it is this process's number for as long as it stands there.
        state.withLock { state in
            state.cause = cause
            if let processID = state.processID { kill(processID, SIGKILL) }
        }
    }

    /// Starts the process again and again; the pause grows while it dies young, or does not become ready.
    private func keepRunning() async {
        var failures = 0
        while !Task.isCancelled {
            let started = ContinuousClock.now
            let (ending, wasReady) = await runWatched()
            if Task.isCancelled { return }
            let cause = state.withLock { state in
                defer { state.cause = nil }
                return state.cause
            }
            Self.count(queue, cause ?? "ended")
            failures = wasReady && ContinuousClock.now - started > .seconds(60) ? 0 : failures + 1
            let longest = min(0.1 * pow(2, Double(failures)), 10)
            let pause = Double.random(in: longest / 2...longest)
            launch.logger.warning(
                "worker \(name) ended (\(ending)); it is started again",
                metadata: ["pause_s": "\((pause * 100).rounded() / 100)", "failures": "\(failures)"])
            try? await Task.sleep(for: .seconds(pause))  // cancellation ends the pause, and the loop with it
        }
    }

    /// Runs the process, and kills it if it is not ready in time.
    private func runWatched() async -> (ending: String, wasReady: Bool) {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.isReadyInTime() }
            let ending = await runOnce()
            group.cancelAll()
            let probes = ProbeSweep.run()
            if probes > 0 { launch.logger.warning("worker \(name) left \(probes) programs: they are killed") }
            return (ending, await group.next() ?? false)
        }
    }

    /// Waits until the process is ready or has ended; `false` if it was never ready.
    private func isReadyInTime() async -> Bool {
        let deadline = ContinuousClock.now + launch.readyWithin
        while !Task.isCancelled {
            if pid != nil { return true }
            guard ContinuousClock.now < deadline else {
                launch.logger.error(
                    "worker \(name) is not ready within \(launch.readyWithin.components.seconds) s: it is killed")
                replaceNow(cause: "unready")
                return false
            }
            try? await Task.sleep(for: .milliseconds(50))  // cancelled: the process has ended, and the loop ends
        }
        return false
    }

    private func runOnce() async -> String {
        var options = PlatformOptions()
        // A group of its own: Ctrl-C in a terminal reaches the supervisor alone, which then stops its workers in order.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: launch.grace + .seconds(5))]
        defer {
            state.withLock { state in
                state.startedAt = nil
                state.processID = nil
            }
        }
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
                error: .currentStandardError
            ) { execution in
                state.withLock { state in
                    state.startedAt = .now
                    state.processID = execution.processIdentifier.value
                }
            }
            return "\(result.terminationStatus)"
        } catch {
            return "\(error)"
        }
    }
}
