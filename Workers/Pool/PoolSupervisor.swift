internal import Foundation
internal import JobQueue
internal import Logging
internal import Settings
internal import Telemetry

/// What a pool runs: its slots, how many of each queue it wants, and what becomes of one that ails.
actor PoolSupervisor {
    private var settings: Settings
    private let executable: String
    private let arguments: [String]
    private let reload: @Sendable () throws -> Settings
    let logger: Logger
    let id = PoolRegistry.makeID()
    private let runFolder: String
    private var slots: [String: [WorkerSlot]] = [:]
    private var wanted: [String: Int] = [:]
    /// The slots to run; the group in ``runSlots()`` takes them.
    private let starts: AsyncStream<WorkerSlot>
    private let startsContinuation: AsyncStream<WorkerSlot>.Continuation
    private let replacements: AsyncStream<WorkerSlot>
    private let replacementsContinuation: AsyncStream<WorkerSlot>.Continuation
    /// Slots whose successors are on the way: they are no longer counted.
    private var replacing: Set<ObjectIdentifier> = []
    /// In how many looks in a row a slot's worker was not heard of.
    private var silentLooks: [ObjectIdentifier: Int] = [:]
    private var isRollingOver = false
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
    private func start(_ queue: Settings.Queue) -> WorkerSlot {
        let taken = Set((slots[queue.name] ?? []).map(\.number))
        let number = (1...).first { !taken.contains($0) } ?? 1
        let slot = WorkerSlot(
            queue: queue.name, number: number,
            launch: WorkerSlot.Launch(
                executable: executable, arguments: arguments, grace: queue.grace, runFolder: runFolder,
                logger: logger))
        slots[queue.name, default: []].append(slot)
        startsContinuation.yield(slot)
        return slot
    }

    private func ended(_ slot: WorkerSlot) {
        slots[slot.queue]?.removeAll { $0 === slot }
        replacing.remove(ObjectIdentifier(slot))
    }

    private func writeExpected() throws {
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
                silentLooks = [:]
                logger.warning("the pool keeps what it has: the queues can't be seen", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(2))  // cancellation ends the pause, and the loop with it
        }
        startsContinuation.finish()
        replacementsContinuation.finish()
    }

    private func look(_ registry: PoolRegistry, _ inspector: QueueInspector) async throws {
        let view = try await registry.beat(record())
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

    // MARK: Mending

    /// Replaces what takes too much memory, and kills what is no longer heard of.
    private func mend(_ workers: [WorkerRecord], at now: Int64) {
        let host = ProcessInfo.processInfo.hostName
        let silence = settings.workerLease + .seconds(10)
        var silent: [ObjectIdentifier: Int] = [:]
        defer { silentLooks = silent }
        for queue in settings.queues {
            for slot in slots[queue.name] ?? []
            where !slot.isRetired && !replacing.contains(ObjectIdentifier(slot)) {
                guard let pid = slot.pid, let age = slot.age else { continue }
                if queue.memoryLimitMiB > 0, let resident = Self.residentMiB(pid), resident > queue.memoryLimitMiB {
                    logger.warning(
                        "worker \(slot.name) takes too much memory and is replaced",
                        metadata: ["mib": "\(resident)", "limit_mib": "\(queue.memoryLimitMiB)"])
                    replacementsContinuation.yield(slot)
                    continue
                }
                let record = workers.first { $0.host == host && $0.pid == Int(pid) }
                // By Redis's clock, and more than once: after an outage some workers are heard of before others.
                let isSilent = record.map { .milliseconds(now - $0.beatAt) > silence } ?? (age > silence)
                guard isSilent else { continue }
                let looks = (silentLooks[ObjectIdentifier(slot)] ?? 0) + 1
                guard looks >= 3 else {
                    silent[ObjectIdentifier(slot)] = looks
                    continue
                }
                logger.error("worker \(slot.name) hangs: it is killed and started again")
                slot.replaceNow()
            }
        }
    }

    private static func residentMiB(_ pid: Int32) -> Int? {
        // Gone between two looks: nothing to measure.
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { ($0 * sysconf(Int32(_SC_PAGESIZE))) >> 20 } : nil
    }

    // MARK: Rolling over

    /// Replaces every process, one at a time: the new one is ready before the old one is told to drain.
    func rollOver() async {
        guard !isRollingOver else { return }
        isRollingOver = true
        defer { isRollingOver = false }
        do {
            settings = try reload()
            logger.info("rolling over to the settings as they are now")
        } catch {
            logger.error(
                "rolling over with the old settings: the new ones are not allowed", metadata: ["error": "\(error)"])
        }
        for queue in settings.queues {
            for slot in slots[queue.name] ?? [] where !slot.isRetired {
                guard await replace(slot, queue) else {
                    logger.error("the roll-over stops at worker \(slot.name): its successor did not become ready")
                    return
                }
            }
        }
        logger.info("rolled over")
    }

    /// Replaces the slots that ail, one after another, until the pool is cancelled.
    nonisolated func runReplacements() async {
        for await slot in replacements { await replace(slot) }
    }

    private func replace(_ slot: WorkerSlot) async {
        guard let queue = settings.queues.first(where: { $0.name == slot.queue }) else { return }
        await replace(slot, queue)
    }

    /// Starts a successor and, once it is ready, retires the slot; `false` leaves the old one at work.
    @discardableResult
    private func replace(_ slot: WorkerSlot, _ queue: Settings.Queue) async -> Bool {
        guard !slot.isRetired, replacing.insert(ObjectIdentifier(slot)).inserted else { return true }
        let successor = start(queue)
        for _ in 0..<600 {
            if Task.isCancelled { break }
            if successor.pid != nil {
                slot.retire()
                // Not published: who waits for the pool looks at what is ready.
                try? writeExpected()
                return true
            }
            try? await Task.sleep(for: .milliseconds(50))  // cancelled: seen at the head of the loop
        }
        successor.retire()
        replacing.remove(ObjectIdentifier(slot))
        return false
    }

    // MARK: Metrics

    /// What runs, for the pool's metrics.
    func samples() -> [MetricSample] {
        settings.queues.flatMap { queue in
            let slots = slots[queue.name] ?? []
            let labels = [("queue", queue.name)]
            return [
                MetricSample("sunset_pool_processes_wanted", .gauge, Double(wanted[queue.name] ?? 0), labels),
                MetricSample("sunset_pool_processes", .gauge, Double(slots.count), labels),
                MetricSample("sunset_pool_processes_ready", .gauge, Double(slots.count { $0.pid != nil }), labels),
            ]
        }
    }

    /// The texts of the workers that are ready, each with its name; one that does not answer is left out.
    func workerMetrics() async -> [(name: String, text: String)] {
        var texts: [(String, String)] = []
        for slot in slots.values.flatMap({ $0 }).sorted(by: { $0.name < $1.name }) where slot.pid != nil {
            do {
                let path = WorkerProcess.metricsSocket(runFolder: runFolder, name: slot.name)
                texts.append((slot.name, try await MetricsClient.read(socket: path)))
            } catch {
                logger.debug("worker \(slot.name) was not measured", metadata: ["error": "\(error)"])
            }
        }
        return texts
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
