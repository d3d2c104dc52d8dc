import JobQueue
import TestSupport

/// How a seed's workload and faults are drawn.
extension SimulationPlan {
    static func fault(
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

    static func puts(_ producer: Int, hasPoison: Bool, _ random: inout SeededRandom) -> [Put] {
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
    static func operations(_ puts: [Put], _ random: inout SeededRandom) -> [Operation] {
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
}
