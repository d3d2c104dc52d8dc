import Foundation
import JobQueue
import RedisClient
import TestSupport

/// The workers and the server of one seed, and what happens to them.
actor SimulationWorld {
    let plan: SimulationPlan
    let server: RedisServer
    let ledger: SimulationLedger
    /// Workers that can't reach Redis any more, and end in their own time.
    private(set) var abandoned: [SimulationInProcess] = []
    /// Redis's time until which nobody could be expected to see a lease that ran out.
    private(set) var disturbedUntil: Int64 = 0

    nonisolated let direct: RedisClient
    nonisolated let queue: JobQueue
    private let inspector: QueueInspector
    private var schedulers: SimulationSchedulers?
    private var lateProbes: Int64 = 0
    private var workers: [(worker: SimulationInProcess, generation: UInt64)] = []
    private var processes: [ChildProcess] = []
    private var transports: [SimulationTransport] = []
    private var generation: UInt64 = 0
    private var isEnding = false

    init(
        _ plan: SimulationPlan, _ server: RedisServer, _ direct: RedisClient, _ queue: JobQueue,
        _ ledger: SimulationLedger
    ) {
        self.plan = plan
        self.server = server
        self.direct = direct
        self.queue = queue
        inspector = QueueInspector(queue: queue)
        self.ledger = ledger
    }

    func start() async throws {
        if plan.hasTicks { schedulers = try await SimulationSchedulers(plan, server, direct, ledger) }
        for index in plan.workers.indices { workers.append(try makeWorker(index)) }
        for settings in plan.processes {
            let transport = try SimulationTransport(
                .worker, to: server, seed: plan.seed &+ 77, perMille: settings.faultsPerMille, lease: plan.lease,
                ledger: ledger)
            transports.append(transport)
            processes.append(try makeProcess(settings, transport.proxy.socketPath))
        }
    }

    private func makeWorker(_ index: Int) throws -> (worker: SimulationInProcess, generation: UInt64) {
        generation += 1
        let number = generation
        let settings = plan.workers[index]
        let transport = try SimulationTransport(
            .worker, to: server, seed: plan.seed &* 1000 &+ number, perMille: settings.faultsPerMille,
            lease: plan.lease,
            ledger: ledger)
        let worker = SimulationInProcess(plan, settings, transport: transport) { [weak self] in
            await self?.abandon(index, generation: number, fault: "poison took a worker")
        }
        return (worker, number)
    }

    private func makeProcess(_ settings: SimulationPlan.Worker, _ socket: String) throws -> ChildProcess {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let executable = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appendingPathComponent("queue-test-worker").path
        var words = [
            "QUEUE_SIMULATION=\(socket) \(plan.lease) \(settings.concurrency) \(settings.prefetches ? 1 : 0) "
                + "\(settings.servesAll ? 1 : 0)"
        ]
        if settings.clockOffset != 0 {
            ledger.injected("process with a wrong clock")
            words += try WrongClock.environment(seconds: settings.clockOffset)
        }
        return try ChildProcess("/usr/bin/env", words + [executable])
    }

    /// Does to the world what the plan says.
    func inject(_ fault: SimulationPlan.Fault) async throws {
        ledger.injected(fault.description)
        switch fault {
        case .flushScripts: _ = try await direct.send(RedisCommand("SCRIPT", "FLUSH"))
        case .killProcess(let index):
            processes[index].kill(SIGKILL)
            processes[index].wait()
        case .freezeProcess(let index, let milliseconds):
            processes[index].kill(SIGSTOP)
            try await Task.sleep(for: .milliseconds(milliseconds))
            processes[index].kill(SIGCONT)
        case .abandon(let index): await abandon(index, generation: workers[index].generation, fault: nil)
        case .cut(let index): workers[index].worker.transport.proxy.cutAll()
        case .freezeRedis(let milliseconds):
            disturbedUntil = .max
            server.pause()
            try await Task.sleep(for: .milliseconds(milliseconds))
            server.resume()
            try await disturbed()
        case .killRedis:
            disturbedUntil = .max
            try await server.restart()
            try await disturbed()
        case .pauseQueue(let milliseconds):
            try await inspector.pause(queue: "work")
            try await Task.sleep(for: .milliseconds(milliseconds))
            try await inspector.resume(queue: "work")
        }
    }

    /// All connections were lost or idle: who reconnects may take the longest pause of the client.
    private func disturbed() async throws {
        disturbedUntil = try await now() + 300
    }

    func now() async throws -> Int64 {
        let time = try await asking(RedisCommand("TIME"))
        return Int64(time[0].int ?? 0) * 1000 + Int64(time[1].int ?? 0) / 1000
    }

    /// Repeats until Redis is there.
    private func asking(_ command: RedisCommand) async throws -> RESPValue {
        while true {
            do {
                return try await direct.send(command.retrying(.safe))
            } catch {
                guard !Task.isCancelled, error.code != .server else { throw error }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    func effects(of id: String) async throws -> Int {
        try await asking(RedisCommand("HGET", "{t}:sim:tally", RedisArgument(id))).string.flatMap { Int($0) } ?? 0
    }

    /// Lets the queue go that was held back.
    func letGo() async throws {
        _ = try await asking(RedisCommand("HDEL", "{t}:q:held:meta", "paused"))
        _ = try await asking(RedisCommand("ZADD", "{t}:q:held:wake", 0, "w"))
    }

    /// Whether a lease of a queue ended more than a second ago.
    func isOverdue(_ queue: String) async throws -> Bool {
        let score = try await asking(RedisCommand("ZRANGE", RedisArgument("{t}:q:\(queue):lease"), 0, 0, "WITHSCORES"))
        guard let earliest = score[1].string.flatMap({ Int64($0) }) else { return false }
        return try await now() - earliest > 1000
    }

    func probeNumber() -> Int64 {
        lateProbes += 1
        return lateProbes
    }

    /// A worker goes without a word; another takes its place.
    private func abandon(_ index: Int, generation: UInt64, fault: String?) async {
        guard workers[index].generation == generation, !isEnding else { return }
        if let fault { ledger.injected(fault) }
        let old = workers[index].worker
        old.transport.sever()
        old.task.cancel()
        abandoned.append(old)
        do {
            workers[index] = try makeWorker(index)
        } catch {
            ledger.violated("no worker could be started: \(error)")
        }
    }

    /// Starts processes anew that have died.
    func tend() throws {
        for (index, settings) in plan.processes.enumerated() where !processes[index].isRunning {
            processes[index] = try makeProcess(settings, transports[index].proxy.socketPath)
        }
    }

    /// No more faults on the way, and no more ticks.
    func calm() async throws {
        try await schedulers?.end()
        for entry in workers { entry.worker.transport.calm() }
        for transport in transports { transport.calm() }
    }

    /// Everybody drains.
    func end() async throws {
        isEnding = true
        for entry in workers { entry.worker.task.cancel() }
        for entry in workers { try await entry.worker.end() }
        for (index, process) in processes.enumerated() {
            // Again and again: one that has just started ignores the signal until it listens for it.
            for _ in 0..<500 where process.isRunning {
                process.kill(SIGTERM)
                try await Task.sleep(for: .milliseconds(20))
            }
            if process.isRunning { ledger.violated("process \(index) is deaf to SIGTERM") }
            process.kill(SIGKILL)
            process.wait()
        }
        for transport in transports {
            await transport.client.close()
            transport.proxy.stop()
        }
    }
}
