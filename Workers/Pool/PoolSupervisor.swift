internal import Foundation
internal import JobQueue
internal import Logging
internal import Settings

/// What a pool runs: its slots, how many of each queue it wants, and what becomes of one that ails.
actor PoolSupervisor {
    var settings: Settings
    private let executable: String
    private let arguments: [String]
    let reload: @Sendable () throws -> Settings
    let logger: Logger
    let id = PoolRegistry.makeID()
    let runFolder: String
    var slots: [String: [WorkerSlot]] = [:]
    var wanted: [String: Int] = [:]
    /// The slots to run; the group in ``runSlots()`` takes them.
    private let starts: AsyncStream<WorkerSlot>
    private let startsContinuation: AsyncStream<WorkerSlot>.Continuation
    let replacements: AsyncStream<(WorkerSlot, PoolMender.ProcessKey)>
    let replacementsContinuation: AsyncStream<(WorkerSlot, PoolMender.ProcessKey)>.Continuation
    /// Slots whose successors are on the way: they are no longer counted.
    var replacing: Set<ObjectIdentifier> = []
    var mender: PoolMender
    var isRollingOver = false
    private(set) var isLeader = false
    private var planner = PoolPlanner()

    init(
        settings: Settings, executable: String, arguments: [String],
        reload: @Sendable @escaping () throws -> Settings, logger: Logger
    ) {
        self.settings = settings
        self.executable = executable
        self.arguments = arguments
        self.reload = reload
        self.logger = logger
        runFolder = settings.dataDirectory + "/run/workers"
        mender = PoolMender(lease: settings.workerLease)
        (starts, startsContinuation) = AsyncStream.makeStream()
        (replacements, replacementsContinuation) = AsyncStream.makeStream()
    }

    // MARK: Slots

    /// Starts the fewest processes of every queue: work begins before Redis was asked for anything.
    func announce() throws {
        for queue in settings.queues {
            wanted[queue.name] = queue.minimum
        }
        reconcile()
        try writeExpected()
    }

    /// Runs every slot until it is retired; ends when the pool is cancelled and all have ended.
    nonisolated func runSlots() async {
        await withDiscardingTaskGroup { group in
            for await slot in starts {
                group.addTask {
                    await slot.run()
                    await self.ended(slot)
                }
            }
            group.cancelAll()
        }
    }

    /// Starts and retires slots until each queue has what is wanted.
    private func reconcile() {
        for queue in settings.queues {
            let active = (slots[queue.name] ?? []).filter {
                !$0.isRetired && !replacing.contains(ObjectIdentifier($0))
            }
            let count = wanted[queue.name] ?? queue.minimum
            if active.count < count {
                for _ in active.count..<count { start(queue) }
            } else if active.count > count {
                // The youngest first: the others have warm caches and steady numbers.
                for slot in active.sorted(by: { $0.number < $1.number }).suffix(active.count - count) {
                    logger.info("worker \(slot.name) is retired")
                    slot.retire()
                }
            }
        }
    }

    @discardableResult
    func start(_ queue: Settings.Queue) -> WorkerSlot {
        let taken = Set((slots[queue.name] ?? []).map(\.number))
        let number = (1...).first { !taken.contains($0) } ?? 1
        let slot = WorkerSlot(
            queue: queue.name, number: number,
            launch: WorkerSlot.Launch(
                executable: executable, arguments: arguments, grace: queue.grace, readyWithin: settings.workerStart,
                runFolder: runFolder, logger: logger))
        slots[queue.name, default: []].append(slot)
        startsContinuation.yield(slot)
        return slot
    }

    private func ended(_ slot: WorkerSlot) {
        slots[slot.queue]?.removeAll { $0 === slot }
        replacing.remove(ObjectIdentifier(slot))
    }

    func writeExpected() throws {
        let names = slots.values.flatMap { $0 }.filter { !$0.isRetired }.map(\.name).sorted()
        try PidFile.write(names.joined(separator: "\n") + "\n", to: runFolder + "/expected", in: runFolder)
    }

    // MARK: Watching

    /// Looks every two seconds until cancelled: shows the pool, plans if it leads, follows the plan, mends what ails.
    func watch(_ registry: PoolRegistry, _ inspector: QueueInspector) async {
        while !Task.isCancelled {
            do {
                try await look(registry, inspector)
            } catch {
                // Nobody could beat either: the workers have time to be heard of again.
                mender.forgetSilence()
                logger.warning("the pool keeps what it has: the queues can't be seen", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(2))  // cancellation ends the pause, and the loop with it
        }
        startsContinuation.finish()
        replacementsContinuation.finish()
    }

    private func look(_ registry: PoolRegistry, _ inspector: QueueInspector) async throws {
        let view = try await registry.beat(record())
        isLeader = view.isLeader
        var wanted = view.wanted
        if view.isLeader {
            let plan = planner.plan(view, try await observations(inspector, view))
            let planned = try await registry.beat(record(), plan: plan)
            wanted = planned.wanted
        } else {
            planner.reset()
        }
        // A plan of before this pool was known says nothing of it.
        for (queue, count) in wanted where settings.queues.contains(where: { $0.name == queue }) {
            if self.wanted[queue] != count {
                logger.info(
                    "the pool scales",
                    metadata: ["queue": "\(queue)", "from": "\(self.wanted[queue] ?? 0)", "to": "\(count)"])
            }
            self.wanted[queue] = count
        }
        reconcile()
        try writeExpected()
        mend(try await inspector.workers(), at: view.at)
    }

    private func record() -> PoolRecord {
        PoolRecord(
            id: id, host: ProcessInfo.processInfo.hostName, pid: Int(getpid()),
            shares: settings.queues.map { queue in
                let slots = slots[queue.name] ?? []
                return PoolRecord.Share(
                    queue: queue.name, minimum: queue.minimum, maximum: queue.maximum,
                    concurrency: queue.concurrency, latencyGoalMilliseconds: queue.latencyGoalMilliseconds,
                    ready: slots.count { !$0.isRetired && $0.pid != nil }, running: slots.count,
                    wanted: wanted[queue.name] ?? queue.minimum)
            })
    }

    private func observations(
        _ inspector: QueueInspector, _ view: PoolView
    ) async throws -> [String: QueueScaler.Observation] {
        let now = Double(DispatchTime.now().uptimeNanoseconds) / 1e9
        var seen: [String: QueueScaler.Observation] = [:]
        for status in try await inspector.queues(minutes: 2) {
            let completed = status.minutes.reduce(0) { $0 + $1.completed }
            let ran = status.minutes.reduce(0) { $0 + $1.runMicroseconds }
            seen[status.name] = QueueScaler.Observation(
                at: now, waiting: status.depth, running: status.running,
                latency: Double(status.latencyMilliseconds ?? 0) / 1000,
                meanRun: completed > 0 ? Double(ran) / Double(completed) / 1e6 : nil,
                ready: view.pools.flatMap(\.shares).filter { $0.queue == status.name }.reduce(0) { $0 + $1.ready },
                isPaused: status.isPaused)
        }
        return seen
    }

    /// Takes the pool out of the registry.
    func leave(_ registry: PoolRegistry) async {
        do {
            try await registry.leave(id)
        } catch {
            logger.info("the pool stays in the registry until it is forgotten", metadata: ["error": "\(error)"])
        }
    }
}
