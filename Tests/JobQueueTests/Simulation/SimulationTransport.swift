import Foundation
import JobQueue
import RedisClient
import Synchronization
import TestSupport

/// A way to Redis of its own, with seeded faults on it.
///
/// It drops (everything from some piece on: a stream has no gaps), delays and cuts (before, after, before the reply).
/// It does not repeat bytes: on a stream that would be a broken peer, no lossy network. What is doubled are requests,
/// which the client repeats after each cut whose outcome it can't know.
final class SimulationTransport: Sendable {
    let proxy: FaultProxy
    let client: RedisClient
    let queue: JobQueue
    private let ledger: SimulationLedger

    init(_ server: RedisServer, seed: UInt64, perMille: Int, lease: Int, ledger: SimulationLedger) throws {
        proxy = try FaultProxy(to: server)
        self.ledger = ledger
        client = server.makeClient(socketPath: proxy.socketPath) { settings in
            settings.commandTimeout = .seconds(1)
            settings.connectTimeout = .seconds(1)
            settings.maximumBackoff = .milliseconds(100)
        }
        queue = JobQueue(redis: client, namespace: try Namespace("t"), logger: .quiet)
        guard perMille > 0 else { return }
        let random = Mutex(SeededRandom(seed: seed))
        proxy.choose {
            random.withLock { random in
                guard random.below(1000) < perMille else { return .pass }
                switch random.below(10) {
                case ..<2:
                    ledger.injected("cut before send")
                    return .cutBeforeSend
                case ..<4:
                    ledger.injected("cut after send")
                    return .cutAfterSend
                case ..<7:
                    ledger.injected("cut before the reply")
                    return .cutBeforeReply
                case ..<9:
                    ledger.injected("delayed")
                    return .delay(.milliseconds(random.below(2 * lease)))
                default:
                    ledger.injected("dropped")
                    return .blackHole(.milliseconds(lease))
                }
            }
        }
    }

    /// No more faults.
    func calm() { proxy.choose(nil) }

    /// Nothing passes any more, for ever.
    func sever() { proxy.stop() }
}

/// A worker in this process.
final class SimulationInProcess: Sendable {
    let transport: SimulationTransport
    let task: Task<Void, any Error>

    init(
        _ plan: SimulationPlan, _ settings: SimulationPlan.Worker, transport: SimulationTransport,
        die: @escaping @Sendable () async -> Void
    ) {
        self.transport = transport
        let worker = JobWorker(
            queue: transport.queue, handlers: SimulationHandlers.make { await die() },
            configuration: SimulationHandlers.configuration(
                lease: plan.lease, concurrency: settings.concurrency, prefetches: settings.prefetches,
                serves: settings.servesLimited),
            logger: .quiet)
        task = Task { try await worker.run() }
    }

    /// Drains and ends.
    func end() async throws {
        task.cancel()
        try await task.value
        await transport.client.close()
        transport.proxy.stop()
    }
}
