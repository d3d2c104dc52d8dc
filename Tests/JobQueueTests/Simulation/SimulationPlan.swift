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

    private static func fault(
        workers: Int, processes: Int, isDurable: Bool, lease: Int, _ random: inout SeededRandom
    ) -> Fault {
        if processes > 0, random.happens(60) {
            let index = random.below(processes)
            return random.happens(50) ? .killProcess(index) : .freezeProcess(index, lease + random.below(400))
        }
        if isDurable, random.happens(50) { return .killRedis }
        switch random.below(5) {
        case 0: return .flushScripts
        case 1: return .abandon(1 + random.below(workers - 1))
        case 2: return .cut(random.below(workers))
        case 3: return .freezeRedis(50 + random.below(2 * lease))
        default: return .pauseQueue(50 + random.below(200))
        }
    }

    private static func puts(_ producer: Int, hasPoison: Bool, _ random: inout SeededRandom) -> [Put] {
        var number = 0
        func item(_ random: inout SeededRandom, isBare: Bool = false, tag: String? = nil) -> Item {
            number += 1
            let job = work(hasPoison: hasPoison && !isBare, mayBeRefused: !isBare, &random)
            let tag = tag ?? Self.tag(of: job) ?? (random.happens(20) ? "p\(producer)" : nil)
            return Item(
                id: "p\(producer)-\(number)", job: job, delay: random.happens(15) ? 1 + random.below(200) : nil,
                priority: random.happens(20) ? random.below(3) : nil, tag: tag)
        }
        func batch(_ random: inout SeededRandom) -> Batch {
            number += 1
            let id = "b\(producer)-\(number)"
            func callback(_ name: String) -> Item {
                Item(
                    id: "\(id).\(name)", job: SimulationJob(kind: .effect), delay: nil, priority: nil,
                    tag: "batch.\(id)")
            }
            return Batch(
                id: id, items: (0..<random.below(6)).map { _ in item(&random, isBare: true, tag: "batch.\(id)") },
                onSuccess: callback("success"), onComplete: callback("complete"))
        }
        return (0..<(5 + random.below(20))).map { _ in
            switch random.below(20) {
            case ..<11: .one(item(&random))
            case ..<13: .change(item(&random, isBare: true))
            case ..<15: .burst((0..<(3 + random.below(6))).map { _ in item(&random) })
            case ..<17: .batch(batch(&random))
            default: .many((0..<(2 + random.below(8))).map { _ in item(&random) })
            }
        }
    }

    /// One timeline for all that a lock or a limit puts in an order.
    private static func tag(of job: any Job) -> String? {
        switch job {
        case let job as SimulationUnique: "unique.\(job.key)"
        case let job as SimulationPending: "pending.\(job.key)"
        case let job as SimulationPeriodic: "periodic.\(job.key)"
        default: nil
        }
    }

    private static func work(hasPoison: Bool, mayBeRefused: Bool, _ random: inout SeededRandom) -> any Job {
        switch random.below(100) {
        case ..<22: SimulationJob(kind: .effect)
        case ..<36: SimulationJob(kind: .plain)
        case ..<44: SimulationJob(kind: .follow)
        case ..<54: SimulationJob(kind: .fails, number: 1 + random.below(3))
        case ..<64: SimulationJob(kind: .slow, number: 5 + random.below(random.happens(15) ? 600 : 50))
        case ..<66: SimulationJob(kind: .blocks, number: 5 + random.below(40))
        case ..<69: SimulationJob(kind: .hopeless)
        case ..<71 where hasPoison: SimulationPoison()
        case ..<75 where mayBeRefused: SimulationUnique(key: random.below(3))
        case ..<78 where mayBeRefused: SimulationPending(key: random.below(3))
        case ..<81 where mayBeRefused: SimulationPeriodic(key: random.below(2))
        case ..<87: SimulationLimited(milliseconds: random.below(15))
        case ..<92: SimulationMetered()
        default: SimulationHeld()
        }
    }

    /// Some jobs get an operation: more of those that wait or take a while, because the others are over by then.
    private static func operations(_ puts: [Put], _ random: inout SeededRandom) -> [Operation] {
        var operations: [Operation] = []
        func add(_ item: Item, isMember: Bool = false) {
            let lasts = item.delay != nil || item.job is SimulationHeld || (item.job as? SimulationJob)?.kind == .slow
            guard !(item.job is SimulationPoison), random.happens(lasts ? 35 : 6) else { return }
            var kind = Operation.Kind.allCases[random.below(Operation.Kind.allCases.count)]
            // A member that lives again opens its batch again, whose callbacks were made all the same.
            if kind == .revive, isMember || item.tag?.contains(".") == true { kind = .cancel }
            operations.append(Operation(after: random.below(lasts ? 60 : 5), kind: kind, item: item))
        }
        for put in puts {
            switch put {
            case .one(let item), .change(let item): add(item)
            case .many(let items), .burst(let items): for item in items { add(item) }
            case .batch(let batch): for item in batch.items { add(item, isMember: true) }
            }
        }
        return operations
    }

    var description: String {
        let faults = faults.map { "\($0.at) ms \($0.fault)" }.joined(separator: ", ")
        return "seed \(seed): lease \(lease) ms, \(producers.count) producers, \(workers.count) workers, "
            + "\(processes.count) processes, \(isDurable ? "durable, " : "")faults: \(faults)"
    }
}
