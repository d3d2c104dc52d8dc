@testable import JobQueue

/// Jobs of all types, with ids that others have.
extension ModelGenerator {
    mutating func job(on queue: String? = nil) -> PreparedJob {
        let id = JobID("j\(random.below(20))")
        let delay: Duration? = random.happens(25) ? .milliseconds(1 + random.below(1_500)) : nil
        let priority = random.happens(30) ? JobPriority(rawValue: random.below(3)) : nil
        // Preparing these can't fail: names and payloads are fixed.
        do {
            guard queue ?? self.queue() == "a" else {
                return try ReplayBrief().prepared(id: id, delay: delay, priority: priority)
            }
            if random.happens(25) {
                let key = random.below(3)
                switch random.below(3) {
                case 0:
                    return try ReplayPending(key: key).prepared(id: id, delay: delay, priority: priority, tag: tag())
                case 1: return try ReplayUnfinished(key: key).prepared(id: id, delay: delay, tag: tag())
                default: return try ReplayPeriodic(key: key).prepared(id: id, delay: delay, tag: tag())
                }
            }
            switch random.below(3) {
            case 0: return try ReplaySteady().prepared(id: id, delay: delay, priority: priority)
            case 1: return try ReplayKept().prepared(id: id, delay: delay, priority: priority)
            default:
                return try ReplayNew().prepared(
                    id: id, delay: delay, priority: priority, traceID: "trace", tag: tag())
            }
        } catch {
            fatalError("a job of the replay can't be prepared: \(error)")
        }
    }

    private mutating func tag() -> String? { random.happens(30) ? "t\(random.below(2))" : nil }

    /// Jobs of one queue and level, at once and without extras: there is a short script for them.
    mutating func plainJobs() -> [PreparedJob] {
        let priority = random.happens(30) ? JobPriority(rawValue: random.below(3)) : nil
        let kind = random.below(3)
        return (0..<(1 + random.below(4))).map { _ in
            let id = JobID("j\(random.below(20))")
            do {
                return switch kind {
                case 0: try ReplaySteady().prepared(id: id, priority: priority)
                case 1: try ReplayKept().prepared(id: id, priority: priority)
                default: try ReplayBrief().prepared(id: id, priority: priority)
                }
            } catch {
                fatalError("a job of the replay can't be prepared: \(error)")
            }
        }
    }
}
