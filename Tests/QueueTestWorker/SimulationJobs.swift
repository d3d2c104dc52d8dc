import Foundation
import JobQueue
import RedisClient
import Synchronization

/// An ordinary job of the simulation: it must not be dead-lettered, whatever happens around it.
struct SimulationJob: Job {
    enum Kind: String, Codable, Sendable {
        /// Ends with nothing to hand back.
        case plain
        /// Ends with an effect.
        case effect
        /// Ends with an effect and a job that follows.
        case follow
        /// Fails some times, then ends with an effect.
        case fails
        /// Takes a while, which may be longer than its lease.
        case slow
        /// The same, and blocks its thread.
        case blocks
        /// Says that no further attempt makes sense.
        case hopeless
    }

    static let name = "simulation"
    static let queue = "work"
    static let options = JobOptions(
        maximumFailures: 50, maximumLapses: 50,
        backoff: Backoff(base: .milliseconds(2), cap: .milliseconds(20)))
    var kind: Kind
    var number = 0
}

/// A job that kills whoever runs it.
struct SimulationPoison: Job {
    static let name = "poison"
    static let queue = "work"
    static let options = JobOptions(maximumFailures: 50, maximumLapses: 2)
}

/// A job of which no two with the same key live at once.
struct SimulationUnique: Job {
    static let name = "unique"
    static let queue = "work"
    static let options = JobOptions(maximumFailures: 50, maximumLapses: 50, uniqueness: .untilDone)
    var key: Int
    var uniqueKey: String? { "\(key)" }
}

/// A job of which no two with the same key wait for their first claim at once.
struct SimulationPending: Job {
    static let name = "pending"
    static let queue = "work"
    static let options = JobOptions(maximumFailures: 50, maximumLapses: 50, uniqueness: .whilePending)
    var key: Int
    var uniqueKey: String? { "\(key)" }
}

/// A job of which one of a key is enqueued in a period.
struct SimulationPeriodic: Job {
    static let name = "periodic"
    static let queue = "work"
    static let period = 300
    static let options = JobOptions(
        maximumFailures: 50, maximumLapses: 50, uniqueness: .period(.milliseconds(period)))
    var key: Int
    var uniqueKey: String? { "\(key)" }
}

/// A job of a queue with a limit of leases.
struct SimulationLimited: Job {
    static let name = "limited"
    static let queue = "limited"
    static let options = JobOptions(maximumFailures: 50, maximumLapses: 50)
    var milliseconds: Int
}

/// A job of a queue with a limit of starts in a time.
struct SimulationMetered: Job {
    static let name = "metered"
    static let queue = "metered"
    static let options = JobOptions(maximumFailures: 50, maximumLapses: 50)
}

/// A job of a queue that is paused for a while: there operators find jobs that wait.
struct SimulationHeld: Job {
    static let name = "held"
    static let queue = "held"
    static let options = JobOptions(maximumFailures: 50, maximumLapses: 50)
}

/// A tick of a periodic entry.
struct SimulationTick: Job {
    static let name = "tick"
    static let queue = "work"
    static let options = JobOptions(maximumFailures: 50, maximumLapses: 50)
}

/// What workers of the simulation do, in the tests' process and in their own.
enum SimulationHandlers {
    private struct Failed: Error {}

    /// How many handlers of a worker run.
    private final class Running: Sendable {
        private let count = Mutex(0)

        /// Whether nobody else runs.
        func enter() -> Bool {
            count.withLock { count in
                count += 1
                return count == 1
            }
        }

        func leave() { count.withLock { $0 -= 1 } }
    }

    /// - Parameter die: ends the worker; if it comes back, the attempt must not end.
    static func make(die: @escaping @Sendable () async throws -> Void) -> JobHandlers {
        var handlers = JobHandlers()
        handlers.register(effect: tally)
        handlers.register(effect: probe)
        if let mutation = SimulationMutation.chosen { handlers.register(effect: mutation.effect) }
        let running = Running()
        handlers.register(SimulationJob.self) { job, context in
            let isAlone = running.enter()
            defer { running.leave() }
            switch job.kind {
            case .plain: return .done
            case .effect, .follow: break
            case .fails: if context.failures < job.number { throw Failed() }
            case .slow:
                context.report(progress: 0.1, message: "begun")
                try await Task.sleep(for: .milliseconds(job.number))
                context.report(progress: 0.9, message: "nearly done")
            case .blocks: usleep(UInt32(job.number) * 1000)
            case .hopeless: throw JobFailure.permanent("hopeless")
            }
            var completion = Completion(effects: [counted(context, isAlone)])
            if job.kind == .follow {
                completion.followUps = [
                    try SimulationJob(kind: .effect).prepared(id: JobID("\(context.id).next"))
                ]
            }
            return completion
        }
        handlers.register(SimulationPoison.self) { (_: SimulationPoison, _) async throws -> Void in
            _ = running.enter()
            defer { running.leave() }
            try await die()
            try await Task.sleep(for: .seconds(600))
        }
        /// A type whose jobs take a while, and end with an effect.
        func register<J: Job>(_: J.Type, _ milliseconds: @escaping @Sendable (J) -> Int) {
            handlers.register(J.self) { (job: J, context) async throws -> Completion in
                let isAlone = running.enter()
                defer { running.leave() }
                if milliseconds(job) > 0 { try await Task.sleep(for: .milliseconds(milliseconds(job))) }
                return Completion(effects: [counted(context, isAlone)])
            }
        }
        register(SimulationUnique.self) { _ in 10 }
        register(SimulationPending.self) { _ in 10 }
        register(SimulationPeriodic.self) { _ in 1 }
        register(SimulationLimited.self) { $0.milliseconds }
        register(SimulationMetered.self) { _ in 1 }
        register(SimulationHeld.self) { _ in 1 }
        register(SimulationTick.self) { _ in 0 }
        return handlers
    }

    private static func counted(_ context: JobContext, _ isAlone: Bool) -> Effect {
        Effect(
            "tally",
            arguments: [
                RedisArgument(context.id.rawValue), RedisArgument(context.queue), RedisArgument(context.lapses),
                context.lapses > 0 && !isAlone ? "crowded" : "fine",
            ])
    }

    static let queues = ["work", "limited", "metered", "held"]

    static func configuration(
        lease: Int, concurrency: Int, prefetches: Bool, servesAll: Bool
    ) -> JobWorkerConfiguration {
        JobWorkerConfiguration(
            queues: (servesAll ? queues : ["work"]).map {
                WorkerQueue($0, concurrency: concurrency, prefetches: prefetches)
            },
            lease: .milliseconds(lease), heartbeat: .milliseconds(lease / 4), gracePeriod: .milliseconds(300),
            name: "simulation")
    }
}
