@testable import JobQueue
import RedisClient

/// One step of a replay, complete in itself: a sequence without some of its steps is a sequence too.
enum ModelOperation: Sendable {
    /// Time passes.
    case advance(Int64)
    case enqueue([PreparedJob])
    /// A worker settles and claims; sent again with the same number it is a repeat.
    case turn(Turn, queue: String, worker: String, lease: Int64)
    case beat(queue: String, claims: [Claimed], types: [String], lease: Int64)
    case operate(JobOperation, queue: String, id: String)
    case pause(queue: String)
    case resume(queue: String)
    case limit(QueueLimits, queue: String)
    case report([Report], queue: String)
    case batch(BatchPart)
    case cron(ModelCron)
    /// A blocked worker takes the hint.
    case takeHint(queue: String)

    /// A part of a batch, as a producer sends it.
    struct BatchPart: Sendable {
        let id: String
        let first: Int
        let isLast: Bool
        let onSuccess: PreparedJob?
        let onComplete: PreparedJob?
        let jobs: [PreparedJob]
    }

    /// What a running job says of itself.
    struct Report: Sendable {
        let id: String
        let epoch: Int64
        let fraction: String
        let message: String
    }

    struct Claimed: Sendable, Hashable {
        let id: String
        let epoch: Int64
    }
}

extension ModelOperation: CustomStringConvertible {
    var description: String {
        switch self {
        case .advance(let milliseconds): "advance \(milliseconds) ms"
        case .enqueue(let jobs):
            "enqueue " + jobs.map { Self.text($0) }.joined(separator: ", ")
        case .turn(let turn, let queue, let worker, let lease):
            "turn \(turn.number)\(turn.lane == 0 ? "" : " on lane \(turn.lane)") of \(worker) on \(queue): claim \(turn.claim)\(turn.isIdle ? " idle" : "") "
                + "lease \(lease), endings "
                + turn.endings.map { "\($0.id):\($0.epoch) \(Self.text($0.outcome))" }.joined(separator: ", ")
        case .beat(let queue, let claims, let types, _):
            "beat on \(queue): \(claims.map { "\($0.id):\($0.epoch)" }) \(types)"
        case .operate(let operation, let queue, let id): "\(operation) \(queue)/\(id)"
        case .pause(let queue): "pause \(queue)"
        case .resume(let queue): "resume \(queue)"
        case .limit(let limits, let queue): "limit \(queue) to \(limits)"
        case .report(let reports, let queue): "report on \(queue): \(reports.map { "\($0.id):\($0.epoch)" })"
        case .batch(let part):
            "batch \(part.id) from \(part.first)\(part.isLast ? " (last)" : "") \(part.jobs.map { Self.text($0) }) "
                + "success \(part.onSuccess.map { Self.text($0) } ?? "-") "
                + "complete \(part.onComplete.map { Self.text($0) } ?? "-")"
        case .cron(let step): "cron \(step)"
        case .takeHint(let queue): "take the hint of \(queue)"
        }
    }

    private static func text(_ job: PreparedJob) -> String {
        "\(job.queue)/\(job.id) \(job.name) \(job.priority) +\(job.delay?.milliseconds ?? 0)"
            + (job.header.unique.map { " u=\($0)" } ?? "") + (job.header.batch.map { " b=\($0)" } ?? "")
            + (job.tag.map { " g=\($0)" } ?? "")
    }

    private static func text(_ outcome: Outcome) -> String {
        switch outcome {
        case .completed(let completion):
            "completed" + (completion.effects.isEmpty ? "" : " \(completion.effects.map(\.name))")
                + (completion.followUps.isEmpty ? "" : " then \(completion.followUps.map(\.id))")
                + (completion.result == nil ? "" : " with a result")
        case .failed(let delay, let isPermanent, _): "failed +\(delay.milliseconds)\(isPermanent ? " for good" : "")"
        case .released(let list): "released to \(list)"
        case .cancelled: "cancelled"
        case .parked(let type): "parked as \(type)"
        }
    }
}

extension Model {
    /// What the operation answers, as text.
    mutating func apply(_ operation: ModelOperation) -> String {
        switch operation {
        case .advance(let milliseconds):
            advance(milliseconds)
            return "OK"
        case .enqueue(let jobs):
            if EnqueueCall(jobs).script.name == EnqueueCall.plainScript.name { saw(.plain) }
            return enqueue(jobs).joined(separator: " ")
        case .turn(let turn, let queue, let worker, let lease):
            return self.turn(turn, queue: queue, worker: worker, lease: lease).description
        case .beat(let queue, let claims, let types, let lease):
            return "lost \(beat(queue, claims: claims.map { ($0.id, $0.epoch) }, types: types, lease: lease))"
        case .operate(let operation, let queue, let id): return "\(operate(operation, queue, id))"
        case .pause(let queue): return pause(queue) ? "1" : "0"
        case .resume(let queue): return resume(queue) ? "1" : "0"
        case .limit(let limits, let queue): return limit(queue, limits) ? "1" : "0"
        case .report(let reports, let queue): return "\(report(queue, reports))"
        case .batch(let part): return add(part)
        case .cron(let step): return cron(step)
        case .takeHint(let queue):
            defer { self[queue].isHinted = false }
            return self[queue].isHinted ? "w" : ""
        }
    }
}

extension Ending {
    /// Whether the replay's effects refuse it, so that its job keeps its lease.
    var isRefused: Bool {
        guard case .completed(let completion) = outcome else { return false }
        return completion.effects.contains { $0.name == "refuse" }
    }
}
