@testable import JobQueue

/// A batch of the model.
struct ModelBatch {
    var created: Int64
    var sealed: Int64?
    var finished: Int64?
    var succeeded: Int64?
    var total = 0
    var pending = 0
    /// By the way its members ended.
    var ended = ["completed": 0, "dead": 0, "cancelled": 0, "deleted": 0]
    var next = 0
    var onSuccess: PreparedJob?
    var onComplete: PreparedJob?
    var successID: String?
    var completeID: String?
}

/// What ties a job to more than its queue: `Lua/bonds.lua`.
extension Model {
    mutating func note(_ header: EnvelopeHeader, _ name: String, _ id: String, _ event: String, _ detail: String = "") {
        guard let tag = header.tag else { return }
        tags[tag, default: []].append("\(event) \(name) \(id) \(header.name) \(detail)")
        saw(.noted)
    }

    /// A claim frees a lock that holds while the job waits.
    mutating func started(_ name: String, _ id: String, _ job: ModelJob) {
        if case .whilePending = job.header.unique?.uniqueness { self[name].unlock(job.header, id) }
        note(job.header, name, id, "started", "attempt \(job.failures + job.lapses + 1)")
    }

    /// A live job ended for good.
    mutating func ended(_ name: String, _ id: String, _ header: EnvelopeHeader, _ how: String) {
        if case .period = header.unique?.uniqueness, how == "completed" {
        } else {
            self[name].unlock(header, id)
        }
        note(header, name, id, how)
        guard let batch = header.batch, let pending = batches[batch]?.pending, pending > 0 else { return }
        batches[batch]?.ended[how, default: 0] += 1
        batches[batch]?.pending = pending - 1
        if pending == 1 { settle(batch) }
    }

    /// A dead job lives again: the holder of its lock if it must not.
    mutating func revived(_ name: String, _ id: String, _ job: ModelJob) -> String? {
        if let lock = job.header.unique {
            if let holder = self[name].holder(lock.digest), holder != id { return holder }
            let moment = now
            self[name].lock(lock, id, now: moment)
        }
        if let batch = job.header.batch, batches[batch] != nil {
            batches[batch]?.ended[job.troubles.last?.hasPrefix("c") == true ? "cancelled" : "dead", default: 0] -= 1
            batches[batch]?.pending += 1
            if batches[batch]?.finished != nil {
                batches[batch]?.finished = nil
                batchEnds[batch] = nil
            }
        }
        note(job.header, name, id, "revived")
        return nil
    }

    /// A job goes to another queue with its lock: the holder of the lock there if it can't.
    mutating func moves(_ name: String, to target: String, _ id: String, _ header: EnvelopeHeader) -> String? {
        if let lock = header.unique, self[name].locks(lock, id) {
            if let holder = self[target].holder(lock.digest), holder != id { return holder }
            let until = self[name].periods[lock.digest]?.until
            self[name].unlock(header, id)
            let moment = now
            self[target].lock(lock, id, now: moment)
            if let until { self[target].periods[lock.digest]?.until = until }
        }
        note(header, name, id, "moved", target)
        return nil
    }

    /// Ends a sealed batch whose members have all ended.
    private mutating func settle(_ id: String) {
        guard var batch = batches[id], batch.pending == 0, batch.sealed != nil, batch.finished == nil else { return }
        batch.finished = now
        batchEnds[id] = now + 604_800_000
        let succeeds = batch.onSuccess != nil && batch.total == batch.ended["completed"]
        let callbacks = [succeeds ? batch.onSuccess : nil, batch.onComplete].compactMap(\.self)
        if succeeds {
            batch.onSuccess = nil
            batch.succeeded = now
        }
        batch.onComplete = nil
        batches[id] = batch
        for callback in callbacks { _ = enqueue([callback]) }
        saw(.batchFinished)
    }

    /// A part of a batch: `Lua/batch.lua`.
    mutating func add(_ part: ModelOperation.BatchPart) -> String {
        let known = batches[part.id]
        let taken = known?.next ?? 0
        if part.first > taken { return "BATCHGONE" }
        if known?.sealed != nil, part.first + part.jobs.count > taken { return "BATCHSEALED" }
        let skipped = min(part.jobs.count, taken - part.first)
        if known == nil {
            batches[part.id] = ModelBatch(
                created: now, onSuccess: part.onSuccess, onComplete: part.onComplete,
                successID: part.onSuccess?.id.rawValue, completeID: part.onComplete?.id.rawValue)
        }
        let results = enqueue(Array(part.jobs.dropFirst(skipped)))
        if known?.sealed == nil {
            batches[part.id]?.next = max(taken, part.first + part.jobs.count)
            if part.isLast {
                let moment = now
                batches[part.id]?.sealed = moment
                batchEnds[part.id] = nil
                settle(part.id)
            } else {
                batchEnds[part.id] = now + 2_592_000_000
            }
        }
        return (Array(repeating: "0", count: skipped) + results).joined(separator: " ")
    }
}

extension ModelQueue {
    /// Who holds a lock, if anyone: a holder without an envelope is none.
    func holder(_ digest: String, coming: Set<String> = []) -> String? {
        if let id = locks[digest] {
            if coming.contains(id) { return id }
            if let job = jobs[id], !job.isDead { return id }
        }
        return periods[digest]?.id
    }

    func locks(_ lock: UniqueLock, _ id: String) -> Bool {
        if case .period = lock.uniqueness { return periods[lock.digest]?.id == id }
        return locks[lock.digest] == id
    }

    mutating func lock(_ lock: UniqueLock, _ id: String, now: Int64) {
        if case .period(let period) = lock.uniqueness {
            periods[lock.digest] = (id, now + period.milliseconds)
        } else {
            locks[lock.digest] = id
        }
    }

    mutating func unlock(_ header: EnvelopeHeader, _ id: String) {
        guard let lock = header.unique, locks(lock, id) else { return }
        if case .period = lock.uniqueness { periods[lock.digest] = nil } else { locks[lock.digest] = nil }
    }
}
