@testable import JobQueue
import RedisClient
import TestSupport

/// The scripts as they are linked, but with a clock that the test sets, so that a seed fixes everything.
struct ModelScripts: Sendable {
    static let effects = [
        EffectDefinition(
            name: "tally",
            body: """
                return { apply = function(args, jobs)
                  redis.call('HINCRBY', NS .. 'tally', args[1], 1)
                  enqueue_all(jobs)
                end }
                """),
        EffectDefinition(
            name: "refuse", body: "return { check = function() return 'no' end, apply = function() end }"),
        EffectDefinition(name: "break", body: "return { apply = function() error({ err = 'BOOM' }) end }"),
    ]

    private var digests: [String: String] = [:]

    /// Loads all scripts into a server.
    init(_ client: RedisClient, mutation: SimulationMutation? = nil) async throws {
        let scripts = [
            EnqueueCall.script, EnqueueCall.plainScript, ProgressBoard.script, JobScheduler.script,
            QueueInspector.scheduleScript, Linker.turnScript(effects: Self.effects),
            JobWorker.beatScript,
            QueueInspector.adminScript, QueueInspector.queueScript, JobQueue.batchScript,
        ]
        for script in scripts {
            let source = try Self.withClock(script.source)
            digests[script.name] = try await Self.load(mutation?.applied(to: source) ?? source, client)
        }
        digests["dump"] = try await Self.load(ModelDump.script, client)
    }

    private static func load(_ source: String, _ client: RedisClient) async throws -> String {
        try await client.send(RedisCommand("SCRIPT", "LOAD", RedisArgument(source))).string ?? ""
    }

    /// Replaces the one place that reads Redis's clock.
    private static func withClock(_ source: String) throws -> String {
        let block = """
            do
              local t = redis.call('TIME')
              now = t[1] * 1000 + math.floor(t[2] / 1000)
            end
            """
        guard source.ranges(of: block).count == 1, source.ranges(of: "'TIME'").count == 1 else {
            throw TestSupportError("the scripts read the clock in another way than the replay knows")
        }
        return source.replacing(block, with: "now = tonumber(redis.call('GET', NS .. 'clock'))")
    }

    private func call(_ script: String, _ prefix: String, _ arguments: [RedisArgument]) -> RedisCommand {
        RedisCommand("EVALSHA", [RedisArgument(digests[script] ?? ""), 1, RedisArgument(prefix)] + arguments)
    }

    func dump(_ prefix: String) -> RedisCommand { call("dump", prefix, []) }

    func clock(_ prefix: String, _ now: Int64) -> RedisCommand {
        RedisCommand("SET", RedisArgument(prefix + "clock"), RedisArgument(now))
    }

    /// The command of an operation, by the same code that makes it in a producer or worker.
    func command(_ operation: ModelOperation, prefix: String, now: Int64, limits: JobQueue.Limits) -> RedisCommand {
        switch operation {
        case .advance: return clock(prefix, now)
        case .enqueue(let jobs):
            let enqueue = EnqueueCall(jobs)
            return call(enqueue.script.name, prefix, enqueue.arguments)
        case .turn(let turn, let queue, let worker, let lease):
            return call(
                "turn", prefix,
                turn.arguments(queue: queue, worker: worker, lease: .milliseconds(lease), limits: limits))
        case .beat(let queue, let claims, let types, let lease):
            var arguments: [RedisArgument] = ["w", RedisArgument(lease), 60_000, 0, 1, RedisArgument(queue)]
            arguments.append(RedisArgument(types.count))
            arguments += types.map { RedisArgument($0) }
            arguments.append(RedisArgument(claims.count))
            arguments += claims.map { RedisArgument("\($0.id):\($0.epoch)") }
            return call("beat", prefix, arguments)
        case .operate(let operation, let queue, let id):
            // Payloads and names of the replay are valid.
            let (word, argument) = (try? operation.words()) ?? ("", "")
            return call(
                "admin", prefix,
                [
                    RedisArgument(word), RedisArgument(queue), RedisArgument(argument), RedisArgument(limits.dead),
                    RedisArgument(id),
                ])
        case .pause(let queue): return call("admin_queue", prefix, ["pause", RedisArgument(queue)])
        case .resume(let queue): return call("admin_queue", prefix, ["resume", RedisArgument(queue)])
        case .limit(let limits, let queue):
            let numbers = [
                limits.concurrency.map { Int64($0) }, limits.rate.map { Int64($0.count) }, limits.rate?.milliseconds,
                limits.rate.map { Int64($0.burst) },
            ]
            return call(
                "admin_queue", prefix,
                ["limits", RedisArgument(queue)] + numbers.map { RedisArgument($0.map { "\($0)" } ?? "") })
        case .report(let reports, let queue):
            var arguments: [RedisArgument] = [RedisArgument(queue)]
            for report in reports {
                arguments += [
                    RedisArgument(report.id), RedisArgument(report.epoch), RedisArgument(report.fraction),
                    RedisArgument(report.message),
                ]
            }
            return call("progress", prefix, arguments)
        case .batch(let part):
            var arguments: [RedisArgument] = [
                RedisArgument(part.id), RedisArgument(part.first), part.isLast ? "1" : "0",
            ]
            for callback in [part.onSuccess, part.onComplete] {
                arguments.append(callback == nil ? "0" : "1")
                callback?.append(to: &arguments)
            }
            for job in part.jobs { job.append(to: &arguments) }
            return call("batch", prefix, arguments)
        case .cron(let step): return call(step.call.script, prefix, step.call.arguments)
        case .takeHint(let queue):
            return RedisCommand("ZPOPMIN", RedisArgument("\(prefix)q:\(queue):wake"))
        }
    }

    /// All texts and numbers of a reply, however deep they lie.
    private static func flat(_ reply: RESPValue) -> [String] {
        guard let parts = reply.array else { return [reply.string ?? ""] }
        return parts.flatMap { flat($0) }
    }

    /// A reply in the form of the model's.
    static func text(
        _ result: Result<RESPValue, RedisError>, of operation: ModelOperation
    ) throws -> String {
        let reply: RESPValue
        switch result {
        case .success(let value): reply = value
        case .failure(let error):
            // What the script refuses with an error of its own.
            guard let prefix = error.serverError?.prefix, prefix.hasPrefix("BATCH") else { throw error }
            return prefix
        }
        switch operation {
        case .advance, .pause, .resume, .limit, .report: return reply.string ?? "\(reply)"
        case .operate:
            guard let result = JobOperationResult(reply: reply[0]) else {
                throw TestSupportError("admin answered \(reply)")
            }
            return "\(result)"
        case .enqueue(let jobs) where reply.int == 1:
            return Array(repeating: "1", count: jobs.count).joined(separator: " ")
        case .enqueue, .batch: return (reply.array ?? []).map { $0.string ?? "?" }.joined(separator: " ")
        case .cron: return flat(reply).joined(separator: " ")
        case .turn: return ModelTurnReply(try TurnReply(reply)).description
        case .beat: return "lost \((reply[2].array ?? []).compactMap(\.string))"
        case .takeHint: return reply[0].string ?? ""
        }
    }
}

extension ModelTurnReply {
    /// What the worker reads from the script's reply.
    init(_ reply: TurnReply) {
        problems = reply.problems.mapValues { problem in
            switch problem {
            case .stale: "stale"
            case .refused(let code): "refused \(code)"
            case .broken(let fault): "broken \(fault)"
            }
        }
        claimed = reply.claimed.map {
            Claimed(
                id: $0.id.rawValue, epoch: $0.epoch, failures: $0.failures, lapses: $0.lapses, envelope: $0.envelope)
        }
        isMoreLeft = reply.isMoreLeft
        next = reply.next?.milliseconds
        solo = reply.solo.rawValue
        isLimited = reply.isLimited
    }
}
