import Foundation
import TestSupport

/// What a seed fixes: the workload, the workers and the faults, with their times.
///
/// Which job a fault hits is the machine's business.
struct SimulationPlan: CustomStringConvertible {
    /// What one producer does, one after the other.
    enum Put {
        case one(Item)
        case many([Item])
        /// A change of state and the job, in one script.
        case change(Item)
    }

    struct Item {
        let id: String
        let work: Work
        let delay: Int?
        let priority: Int?

        enum Work {
            case ordinary(SimulationJob)
            case poison
            case unique(SimulationUnique)
            case limited(SimulationLimited)
        }
    }

    struct Worker {
        let concurrency: Int
        let prefetches: Bool
        let servesLimited: Bool
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
    let limit: Int
    let isDurable: Bool
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
        isDurable = random.happens(25)
        let hasProcesses = random.happens(40)
        let hasPoison = random.happens(35)
        producers = (0..<(2 + random.below(3))).map { producer in
            Self.puts(producer, hasPoison: hasPoison, &random)
        }
        producerFaultsPerMille = random.happens(60) ? 20 + random.below(100) : 0
        workers = (0..<(2 + random.below(2))).map { index in
            // The first one has no faults on its way: it is there to see what the others leave.
            Worker(
                concurrency: index == 0 ? 8 : 1 + random.below(8), prefetches: random.happens(80),
                servesLimited: index == 0 || random.happens(70),
                faultsPerMille: index > 0 && random.happens(80) ? 10 + random.below(60) : 0, clockOffset: 0)
        }
        processes = (0..<(hasProcesses ? 1 + random.below(2) : 0)).map { _ in
            Worker(
                concurrency: 1 + random.below(8), prefetches: random.happens(80), servesLimited: random.happens(50),
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
        func item(_ random: inout SeededRandom) -> Item {
            number += 1
            return Item(
                id: "p\(producer)-\(number)", work: work(hasPoison: hasPoison, &random),
                delay: random.happens(15) ? 1 + random.below(200) : nil,
                priority: random.happens(20) ? random.below(3) : nil)
        }
        return (0..<(5 + random.below(20))).map { _ in
            switch random.below(10) {
            case ..<7: .one(item(&random))
            case 7: .change(item(&random))
            default: .many((0..<(2 + random.below(8))).map { _ in item(&random) })
            }
        }
    }

    private static func work(hasPoison: Bool, _ random: inout SeededRandom) -> Item.Work {
        switch random.below(100) {
        case ..<30: .ordinary(SimulationJob(kind: .effect))
        case ..<50: .ordinary(SimulationJob(kind: .plain))
        case ..<62: .ordinary(SimulationJob(kind: .follow))
        case ..<72: .ordinary(SimulationJob(kind: .fails, number: 1 + random.below(3)))
        case ..<82: .ordinary(SimulationJob(kind: .slow, number: 5 + random.below(random.happens(15) ? 600 : 50)))
        case ..<84: .ordinary(SimulationJob(kind: .blocks, number: 5 + random.below(40)))
        case ..<87: .ordinary(SimulationJob(kind: .hopeless))
        case ..<89 where hasPoison: .poison
        case ..<93: .unique(SimulationUnique(key: random.below(3)))
        default: .limited(SimulationLimited(milliseconds: random.below(15)))
        }
    }

    var description: String {
        let faults = faults.map { "\($0.at) ms \($0.fault)" }.joined(separator: ", ")
        return "seed \(seed): lease \(lease) ms, \(producers.count) producers, \(workers.count) workers, "
            + "\(processes.count) processes, \(isDurable ? "durable, " : "")faults: \(faults)"
    }
}
