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
    let pacer = PacerThread()
    let wireTypes: [String]
    /// When a drain's patience ends, once it began.
    let graceEnd = Mutex<ContinuousClock.Instant?>(nil)
    let isEnded = Atomic<Bool>(false)

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
        let runners = configuration.queues.enumerated().map { index, queue in
            QueueRunner(index: index, queue: queue, configuration: configuration, gate: gate) { signals.fireAll() }
        }
        signals.set(runners.map(\.signal))
        self.runners = runners
    }

    /// Works until graceful shutdown or cancellation, then drains.
    ///
    /// A drain claims nothing more, hands back what has not started, waits the grace period for what runs, cancels it,
    /// and hands back what is left without blame.
    ///
    /// - Throws: `JobQueueError` with `.invalidConfiguration` or `.schemaMismatch`. A Redis that can't be reached is
    ///   waited for.
    public func run() async throws {
        try configuration.validate()
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                // A task of its own, awaited here: the drain goes on when the caller is cancelled.
                try await Task { try await self.work() }.value
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
        runners.forEach { $0.drain() }
    }

    private func work() async throws {
        guard try await prepare() else { return }
        let names = configuration.queues.map(\.name).joined(separator: ",")
        logger.info("worker started", metadata: ["queues": "\(names)"])
        pacer.start()
        defer { pacer.stop() }
        let beats = Task(executorPreference: pacer) { await self.beatLoop() }
        let ticks = Task(executorPreference: pacer) { await self.tickLoop() }
        let wakes = Task { await self.wakeLoop() }
        await withTaskGroup { group in
            for runner in runners {
                group.addTask { await self.pump(runner) }
            }
        }
        board.end()
        wakes.cancel()
        isEnded.store(true, ordering: .sequentiallyConsistent)
        await wakes.value
        await beats.value
        await ticks.value
        await leaveRegistry()
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
                logger.warning("Redis is not ready", metadata: ["error": "\(error)"])
                await pause.wait()
            }
        }
        return false
    }
}

/// The signals of all pumps, known only after they were made.
final class SignalGroup: Sendable {
    private let signals = Mutex<[Signal]>([])

    func set(_ signals: [Signal]) {
        self.signals.withLock { $0 = signals }
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
