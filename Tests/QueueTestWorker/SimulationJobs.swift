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

/// A job of a queue with a limit.
struct SimulationLimited: Job {
    static let name = "limited"
    static let queue = "limited"
    static let options = JobOptions(maximumFailures: 50, maximumLapses: 50)
    var milliseconds: Int
}

/// What workers of the simulation do, in the tests' process and in their own.
enum SimulationHandlers {
    /// Counts for the job's id, and notes when the moment is not as it should be: the acknowledged lease is the only
    /// one of the job, and a limited queue has no more leases than it may.
    private static let tally = EffectDefinition(
        name: "tally",
        body: """
            return {
              check = function(args)
                local id, queue = args[1], args[2]
                local P = NS .. 'q:' .. queue .. ':'
                if args[4] == 'crowded' then
                  redis.call('RPUSH', NS .. 'sim:violations', id .. ' lapsed before, and did not run alone')
                end
                local members, held = redis.call('ZRANGE', P .. 'lease', 0, -1), 0
                for _, member in ipairs(members) do
                  if string.match(member, '^(.*):%d+$') == id then held = held + 1 end
                end
                if held ~= 1 then
                  redis.call('RPUSH', NS .. 'sim:violations', id .. ' is acknowledged with ' .. held .. ' leases')
                end
                local limit = tonumber(redis.call('HGET', P .. 'meta', 'limit') or 'inf')
                if #members > limit then
                  redis.call('RPUSH', NS .. 'sim:violations', #members .. ' leases, ' .. limit .. ' may be')
                end
              end,
              apply = function(args)
                redis.call('HINCRBY', NS .. 'sim:tally', args[1], 1)
                redis.call('HSET', NS .. 'sim:lapses', args[1], args[3])
              end,
            }
            """)

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
        if let mutation = SimulationMutation.chosen { handlers.register(effect: mutation.effect) }
        let running = Running()
        handlers.register(SimulationJob.self) { job, context in
            let isAlone = running.enter()
            defer { running.leave() }
            switch job.kind {
            case .plain: return .done
            case .effect, .follow: break
            case .fails: if context.failures < job.number { throw Failed() }
            case .slow: try await Task.sleep(for: .milliseconds(job.number))
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
        handlers.register(SimulationUnique.self) { (_: SimulationUnique, context) async throws -> Completion in
            let isAlone = running.enter()
            defer { running.leave() }
            try await Task.sleep(for: .milliseconds(10))
            return Completion(effects: [counted(context, isAlone)])
        }
        handlers.register(SimulationLimited.self) { job, context in
            let isAlone = running.enter()
            defer { running.leave() }
            try await Task.sleep(for: .milliseconds(job.milliseconds))
            return Completion(effects: [counted(context, isAlone)])
        }
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

    static func configuration(
        lease: Int, concurrency: Int, prefetches: Bool, serves limited: Bool
    ) -> JobWorkerConfiguration {
        var queues = [WorkerQueue("work", concurrency: concurrency, prefetches: prefetches)]
        if limited { queues.append(WorkerQueue("limited", concurrency: concurrency, prefetches: prefetches)) }
        return JobWorkerConfiguration(
            queues: queues, lease: .milliseconds(lease), heartbeat: .milliseconds(lease / 4),
            gracePeriod: .milliseconds(300), name: "simulation")
    }
}
