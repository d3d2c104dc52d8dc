internal import Foundation
public import Logging
internal import RedisClient
public import ServiceLifecycle
internal import Synchronization

/// Claims jobs of its queues, runs their handlers and acknowledges them; drains on graceful shutdown.
///
/// Each queue has a pump that settles what ended and claims what runs next in one script (`Lua/turn.lua`). Leases are
/// renewed from a thread of their own. When there is nothing to do, one connection blocks in Redis for all queues.
public final class JobWorker: Service {
    /// The id under which this worker stands in the registry.
    public let id: String

    let queue: JobQueue
    let handlers: JobHandlers
    let configuration: JobWorkerConfiguration
    let logger: Logger
    let script: RedisScript
    let gate: WorkerGate
    let runners: [QueueRunner]
    let board = WakeBoard()
    let pacer = PacerThread(name: "jobqueue-pacer")
    let pumps = PacerThread(name: "jobqueue-pumps")
    let wireTypes: [String]
    /// When a drain's patience ends, once it began.
    let graceEnd = Mutex<ContinuousClock.Instant?>(nil)
    let preparation = CutOff()
    let work = CutOff()
    let isEnded = Atomic<Bool>(false)
    let isQuiet = Atomic<Bool>(false)
    let isOutdated = Atomic<Bool>(false)
    /// When the first beat was, on Redis's clock.
    let startedAt = Atomic<Int64>(0)

    static let beatScript = Linker.script(
        "beat", PackageResources.fate_lua, PackageResources.beat_lua, flags: "allow-oom")

    /// Creates a worker.
    public init(
        queue: JobQueue, handlers: JobHandlers, configuration: JobWorkerConfiguration, logger: Logger
    ) {
        id = SortableID.make(prefix: "wrk_")
        self.queue = queue
        self.handlers = handlers
        self.configuration = configuration
        var logger = logger
        logger[metadataKey: "worker"] = "\(id)"
        self.logger = logger
        script = Linker.turnScript(effects: handlers.effects)
        wireTypes = handlers.wireTypes
        let gate = WorkerGate()
        self.gate = gate
        let signals = SignalGroup()
        let metrics = queue.metrics
        let board = configuration.concurrency.map { _ in PlaceBoard(configuration, signals: signals) }
        let runners = configuration.queues.enumerated().map { index, queue in
            QueueRunner(
                index: index, queue: queue, configuration: configuration, gate: gate, metrics: metrics.of(queue.name),
                places: board
            ) { signals.fireAll() }
        }
        signals.set(runners.map(\.signal))
        self.runners = runners
    }

    /// Works until graceful shutdown or cancellation, then drains.
    ///
    /// A drain claims nothing more, hands back what has not started, waits the grace period for what runs, cancels it,
    /// and hands back what is left without blame. It ends at most two seconds after the grace period, whatever Redis does:
    /// what could not be said by then is said by the end of the leases.
    ///
    /// - Throws: `JobQueueError` with `.invalidConfiguration` or `.schemaMismatch`. A Redis that can't be reached is
    ///   waited for.
    public func run() async throws {
        try configuration.validate()
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                // A task of its own, awaited here: the drain goes on when the caller is cancelled.
                try await Task { try await self.serve() }.value
            } onGracefulShutdown: {
                self.beginDrain()
            }
        } onCancel: {
            self.beginDrain()
        }
    }

    var isDraining: Bool { graceEnd.withLock { $0 != nil } }

    func beginDrain() {
        let isFirst = graceEnd.withLock { end in
            guard end == nil else { return false }
            end = .now + configuration.gracePeriod
            return true
        }
        guard isFirst else { return }
        logger.info("draining")
        preparation.cancel()
        runners.forEach { $0.drain() }
    }

    /// The last moment of a drain: the grace period and two seconds.
    private var drainEnd: ContinuousClock.Instant? { graceEnd.withLock { $0 }.map { $0 + .seconds(2) } }

    /// How long the last requests may take.
    var farewellTimeout: Duration {
        let left = drainEnd.map { ContinuousClock.now.duration(to: $0) } ?? .seconds(2)
        return min(.seconds(2), max(.milliseconds(100), left))
    }

    private func serve() async throws {
        guard try await preparation.run({ try await self.prepare() }) else { return }
        let names = configuration.queues.map(\.name).joined(separator: ",")
        logger.info("worker started", metadata: ["queues": "\(names)"])
        pacer.start()
        pumps.start()
        defer {
            pumps.stop()
            pacer.stop()
        }
        let beats = Task(executorPreference: pacer) { await self.beatLoop() }
        let ticks = Task(executorPreference: pacer) { await self.tickLoop() }
        let wakes = Task(executorPreference: pumps) { await self.wakeLoop() }
        let control = Task { await self.controlLoop() }
        await work.run {
            await withTaskGroup { group in
                for runner in self.runners {
                    group.addTask(executorPreference: self.pumps) { await self.pump(runner) }
                }
            }
        }
        board.end()
        isEnded.store(true, ordering: .sequentiallyConsistent)
        // A request that is under way must not keep the worker: nothing depends on its answer any more.
        wakes.cancel()
        control.cancel()
        beats.cancel()
        await wakes.value
        await control.value
        await beats.value
        await ticks.value
        for runner in runners { await runner.progress.end() }
        await sayFarewell()
        logger.info("worker stopped")
    }

    /// Waits for a Redis that can be reached and checks the layout; `false` if a drain came first.
    private func prepare() async throws -> Bool {
        var pause = RetryPause()
        while !isDraining {
            do {
                try await queue.prepare()
                return true
            } catch let error as JobQueueError where error.code != .schemaMismatch {
                if isDraining { break }
                logger.warning("Redis is not ready", metadata: ["error": "\(error)"])
                await pause.wait()
            }
        }
        return false
    }
}

/// Runs work that can be cut off from outside, also before it begins.
final class CutOff: Sendable {
    private struct State {
        var isCut = false
        var cancel: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    var isCut: Bool { state.withLock { $0.isCut } }

    func cancel() {
        let cancel = state.withLock { state in
            state.isCut = true
            return state.cancel
        }
        cancel?()
    }

    func run(_ body: @Sendable @escaping () async -> Void) async {
        let task = Task { await body() }
        attach { task.cancel() }
        await task.value
    }

    func run<T: Sendable>(_ body: @Sendable @escaping () async throws -> T) async throws -> T {
        let task = Task { try await body() }
        attach { task.cancel() }
        return try await task.value
    }

    private func attach(_ cancel: @Sendable @escaping () -> Void) {
        let isCut = state.withLock { state in
            state.cancel = cancel
            return state.isCut
        }
        if isCut { cancel() }
    }
}

/// The signals of all pumps, known only after they were made.
final class SignalGroup: Sendable {
    private let signals = Mutex<[Signal]>([])

    func set(_ signals: [Signal]) {
        self.signals.withLock { $0 = signals }
    }

    func fire(_ indexes: Set<Int>) {
        guard !indexes.isEmpty else { return }
        let signals = signals.withLock { $0 }
        for index in indexes { signals[index].fire() }
    }

    func fireAll() {
        signals.withLock { $0 }.forEach { $0.fire() }
    }
}

/// Growing pauses with jitter, while Redis can't be reached: 20 ms up to 1 s.
struct RetryPause {
    private var limit: Int64 = 20

    mutating func reset() { limit = 20 }

    mutating func wait() async {
        let milliseconds = Int64.random(in: limit / 2...limit)
        limit = min(1000, limit * 2)
        // Cancelled only when the worker ends, and then the loop ends too.
        try? await Task.sleep(for: .milliseconds(milliseconds))
    }
}
