import Foundation
import JobQueue
import RedisClient
import Synchronization
import TestSupport

/// A way to Redis of its own, with seeded faults on it.
///
/// It cuts (before send, after send, before the reply), drops (everything from some piece on: a stream has no gaps),
/// delays requests and replies, and doubles whole requests, at once or late. The proxy counts what it really did.
final class SimulationTransport: Sendable {
    /// Whose way it is.
    enum Traveller: Sendable {
        /// No request of it is doubled behind its answer: a job that was deleted after it would be born again.
        case producer
        case worker
    }

    let proxy: FaultProxy
    let client: RedisClient
    let queue: JobQueue

    init(
        _ traveller: Traveller, to server: RedisServer, seed: UInt64, perMille: Int, lease: Int,
        ledger: SimulationLedger
    ) throws {
        proxy = try FaultProxy(to: server)
        ledger.watches(proxy)
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
                switch random.below(14) {
                case ..<2: return .cutBeforeSend
                case ..<4: return .cutAfterSend
                case ..<7: return .cutBeforeReply
                case ..<9: return .delay(.milliseconds(random.below(2 * lease)))
                case 9: return .late(.milliseconds(random.below(traveller == .worker ? 2 * lease : lease / 2)))
                case ..<12: return .double
                case 12 where traveller == .worker: return .doubleLate(.milliseconds(random.below(3 * lease)))
                case 12: return .double
                default: return .blackHole(.milliseconds(lease))
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
                servesAll: settings.servesAll),
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
