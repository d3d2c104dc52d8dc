@testable import JobQueue

extension Model {
    /// Puts jobs on their queues; whether each was put there.
    mutating func enqueue(_ list: [PreparedJob]) -> [Bool] {
        let results = list.map { put($0) }
        saw(.enqueued, results.count { $0 })
        saw(.duplicate, results.count { !$0 })
        return results
    }

    private mutating func put(_ job: PreparedJob) -> Bool {
        var queue = self[job.queue]
        let id = job.id.rawValue
        if queue.jobs[id] != nil || queue.marks[id] != nil { return false }
        if let until = queue.done[id], until > now { return false }
        let delay = max(0, job.delay?.milliseconds ?? 0)
        let envelope = Array("\(job.priority.rawValue) \(now) \(delay) ".utf8) + job.body
        guard let header = Envelope(envelope)?.header else { fatalError("a prepared job has no header: \(id)") }
        let place: ModelJob.Place =
            delay > 0
            ? .due(now + delay) : .list("p\(job.priority.rawValue)", position: queue.nextTail())
        queue.jobs[id] = ModelJob(envelope: envelope, header: header, place: place)
        queue.isHinted = true
        self[job.queue] = queue
        return true
    }
}

extension ModelQueue {
    /// Puts a job back into the list that it belongs to.
    mutating func putBack(_ id: String) {
        guard var job = jobs[id] else { return }
        job.place = .list(job.list, position: nextTail())
        jobs[id] = job
    }

    /// Moves a job to the dead letters; the earliest beyond the cap go.
    mutating func bury(_ id: String, now: Int64, cap: Int) {
        jobs[id]?.place = .dead(now)
        let dead = dead
        for score in dead.prefix(min(100, max(0, dead.count - cap))) { jobs[score.id] = nil }
    }

    /// Ends a job as cancelled.
    mutating func cancel(_ id: String, now: Int64, cap: Int) {
        jobs[id]?.note("c", now)
        bury(id, now: now, cap: cap)
    }

    /// Forgets ended ids and results: those whose time is over, and the earliest beyond the cap, a bounded number of
    /// each; the larger number.
    mutating func sweep(_ limit: Int, now: Int64, cap: Int) -> Int {
        let ended = Self.takeOld(&done, limit, now: now, cap: cap)
        let kept = Self.takeOld(&kept, limit, now: now, cap: cap)
        for id in kept { results[id] = nil }
        return max(ended.count, kept.count)
    }

    private static func takeOld(_ times: inout [String: Int64], _ limit: Int, now: Int64, cap: Int) -> [String] {
        let sorted = times.map { ModelScore(id: $0, member: $0, score: $1) }.sorted()
        let over = sorted.prefix(while: { $0.score <= now }).prefix(limit)
        let beyond = min(limit - over.count, max(0, sorted.count - over.count - cap))
        let ids = sorted.prefix(over.count + beyond).map(\.id)
        for id in ids { times[id] = nil }
        return ids
    }

    /// What is due goes to the lists; how many moved.
    mutating func promote(now: Int64) -> Int {
        let ready = due.prefix(while: { $0.score <= now }).prefix(100)
        for score in ready { putBack(score.id) }
        return ready.count
    }

    /// Leases that ran out: a lapse each, then suspect or dead; how many are suspects.
    ///
    /// One that was asked to stop is cancelled instead.
    mutating func reap(now: Int64, cap: Int) -> Int {
        var suspects = 0
        for score in leases.prefix(while: { $0.score <= now }).prefix(100) {
            guard var job = jobs[score.id] else { continue }
            job.lapses += 1
            job.note("l", now)
            jobs[score.id] = job
            if requests.removeValue(forKey: score.id) != nil {
                cancel(score.id, now: now, cap: cap)
            } else if job.lapses >= job.header.maximumLapses {
                bury(score.id, now: now, cap: cap)
            } else {
                putBack(score.id)
                suspects += 1
            }
        }
        return suspects
    }
}
