import Foundation
import JobQueue
import TestSupport

/// What a seed fixes: the workload, the workers and the faults, with their times.
///
/// Which job a fault hits is the machine's business.
struct SimulationPlan: CustomStringConvertible {
    /// What one producer does, one after the other.
    enum Put {
        case one(Item)
        /// In one call.
        case many([Item])
        /// One by one at the same time, so that the client gathers them.
        case burst([Item])
        /// A change of state and the job, in one script.
        case change(Item)
        case batch(Batch)
    }

    struct Item: Sendable {
        let id: String
        let job: any Job
        let delay: Int?
        let priority: Int?
        /// Its timeline.
        let tag: String?

        var queue: String { type(of: job).queue }

        func prepared() throws -> PreparedJob {
            try job.prepared(
                id: JobID(id), delay: delay.map { .milliseconds($0) },
                priority: priority.flatMap { JobPriority(rawValue: $0) },
                tag: tag)
        }
    }

    /// Members and callbacks share a timeline, which shows their order.
    struct Batch: Sendable {
        let id: String
        let items: [Item]
        let onSuccess: Item
        let onComplete: Item
    }

    /// What an operator does to one job, once its enqueue was acknowledged.
    struct Operation: Sendable {
        enum Kind: String, Sendable, CaseIterable {
            case cancel, kill, delete, runNow, move, edit
            /// Killed, and then retried.
            case revive
        }

        /// So many milliseconds.
        let after: Int
        let kind: Kind
        let item: Item
    }

    struct Worker {
        let concurrency: Int
        let prefetches: Bool
        /// Or only the first queue.
        let servesAll: Bool
        /// Faults in a thousand pieces of its traffic.
        let faultsPerMille: Int
        /// Seconds by which the process's clock is wrong; only a process of its own can have that.
        let clockOffset: Int
    }

    enum Fault: CustomStringConvertible {
        case flushScripts
        /// A worker process gets SIGKILL.
        case killProcess(Int)
        /// A worker process gets SIGSTOP, and SIGCONT after so many milliseconds.
        case freezeProcess(Int, Int)
        /// A worker of this process never reaches Redis again, and another takes its place.
        case abandon(Int)
        /// A worker's connections end now.
        case cut(Int)
        case freezeRedis(Int)
        case killRedis
        case pauseQueue(Int)

        var description: String {
            switch self {
            case .flushScripts: "script flush"
            case .killProcess: "process killed"
            case .freezeProcess: "process frozen"
            case .abandon: "worker abandoned"
            case .cut: "connections cut"
            case .freezeRedis: "Redis frozen"
            case .killRedis: "Redis killed"
            case .pauseQueue: "queue paused"
            }
        }
    }

    let seed: UInt64
    let lease: Int
    /// Of the limited queue.
    let limit: Int
    /// Of the metered queue.
    let rate: QueueLimits.RateLimit
    let isDurable: Bool
    let operations: [Operation]
    /// When the queue that is held back is let go, in milliseconds after the start.
    let heldUntil: Int
    /// Whether two schedulers run a periodic entry.
    let hasTicks: Bool
    /// How many ticks of the entry nobody enqueued before the start.
    let missedTicks: Int
    let producers: [[Put]]
    let producerFaultsPerMille: Int
    let workers: [Worker]
    let processes: [Worker]
    /// By the milliseconds after the start.
    let faults: [(at: Int, fault: Fault)]

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed &+ 0x51)
        self.seed = seed
        lease = 200 + 50 * random.below(7)
        limit = 1 + random.below(3)
        rate = QueueLimits.RateLimit(2 + random.below(5), per: .milliseconds(100), burst: 1 + random.below(3))
        heldUntil = 150 + random.below(300)
        hasTicks = random.happens(40)
        missedTicks = random.below(20)
        isDurable = random.happens(25)
        let hasProcesses = random.happens(40)
        let hasPoison = random.happens(35)
        let producers = (0..<(2 + random.below(3))).map { producer in
            Self.puts(producer, hasPoison: hasPoison, &random)
        }
        self.producers = producers
        operations = Self.operations(producers.flatMap { $0 }, &random)
        producerFaultsPerMille = random.happens(60) ? 20 + random.below(100) : 0
        workers = (0..<(2 + random.below(2))).map { index in
            // The first one has no faults on its way: it is there to see what the others leave.
            Worker(
                concurrency: index == 0 ? 8 : 1 + random.below(8), prefetches: random.happens(80),
                servesAll: index == 0 || random.happens(70),
                faultsPerMille: index > 0 && random.happens(80) ? 10 + random.below(60) : 0, clockOffset: 0)
        }
        processes = (0..<(hasProcesses ? 1 + random.below(2) : 0)).map { _ in
            Worker(
                concurrency: 1 + random.below(8), prefetches: random.happens(80), servesAll: random.happens(50),
                faultsPerMille: random.happens(40) ? 10 + random.below(40) : 0,
                clockOffset: [-300, 0, 300][random.below(3)])
        }
        var faults: [(at: Int, fault: Fault)] = []
        for _ in 0..<(1 + random.below(5)) {
            let fault = Self.fault(
                workers: workers.count, processes: processes.count, isDurable: isDurable, lease: lease, &random)
            faults.append((10 + random.below(500), fault))
        }
        self.faults = faults.sorted { $0.at < $1.at }
    }

    var description: String {
        let faults = faults.map { "\($0.at) ms \($0.fault)" }.joined(separator: ", ")
        return "seed \(seed): lease \(lease) ms, \(producers.count) producers, \(workers.count) workers, "
            + "\(processes.count) processes, \(isDurable ? "durable, " : "")faults: \(faults)"
    }
}
