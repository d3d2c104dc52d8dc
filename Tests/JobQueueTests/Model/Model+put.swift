@testable import JobQueue

extension Model {
    /// Puts jobs on their queues, one queue after the other; for each "1", "0", or the id that holds its lock.
    mutating func enqueue(_ list: [PreparedJob]) -> [String] {
        var results = Array(repeating: "0", count: list.count)
        var order: [String] = []
        for job in list where !order.contains(job.queue) { order.append(job.queue) }
        for name in order {
            var coming: Set<String> = []
            var joined: [String: Bool] = [:]
            for (index, job) in list.enumerated() where job.queue == name {
                results[index] = put(job, &coming, &joined)
            }
        }
        saw(.enqueued, results.count { $0 == "1" })
        saw(.duplicate, results.count { $0 == "0" })
        saw(.uniqueHeld, results.count { $0 != "0" && $0 != "1" })
        return results
    }

    private mutating func put(
        _ job: PreparedJob, _ coming: inout Set<String>, _ joined: inout [String: Bool]
    ) -> String {
        let id = job.id.rawValue
        let name = job.queue
        if self[name].jobs[id] != nil || self[name].marks[id] != nil { return "0" }
        if let until = self[name].done[id], until > now { return "0" }
        let delay = max(0, job.delay?.milliseconds ?? 0)
        var envelope = Array("\(job.header.mark) \(now) \(delay) ".utf8) + job.body
        guard var header = Envelope(envelope)?.header else { fatalError("a prepared job has no header: \(id)") }
        if let lock = header.unique {
            if let holder = self[name].holder(lock.digest, coming: coming) { return holder == id ? "0" : holder }
            let moment = now
            self[name].lock(lock, id, now: moment)
        }
        if let batch = header.batch {
            let isOpen = joined[batch] ?? (batches[batch].map { $0.finished == nil } ?? false)
            joined[batch] = isOpen
            if isOpen {
                batches[batch]?.total += 1
                batches[batch]?.pending += 1
            } else {
                // Too late: it is not counted.
                header.batch = nil
                envelope = Array("\(job.header.mark) \(now) \(delay) ".utf8) + header.encoded(before: job.payload)
            }
        }
        note(header, name, id, "enqueued", delay > 0 ? "in \(delay) ms" : "")
        var queue = self[name]
        let place: ModelJob.Place =
            delay > 0 ? .due(now + delay) : .list("p\(job.priority.rawValue)", position: queue.nextTail())
        queue.jobs[id] = ModelJob(envelope: envelope, header: header, place: place)
        queue.isHinted = true
        self[name] = queue
        coming.insert(id)
        return "1"
    }

    /// A live job ends without success.
    mutating func bury(_ id: String, _ name: String, how: String = "dead") {
        guard let header = self[name].jobs[id]?.header else { return }
        self[name].bury(id, now: now, cap: limits.dead)
        ended(name, id, header, how)
    }

    /// The same, because somebody asked for it.
    mutating func end(_ id: String, _ name: String) {
        let moment = now
        self[name].jobs[id]?.note("c", moment)
        bury(id, name, how: "cancelled")
    }

    /// Leases that ran out: a lapse each, then suspect or dead; how many are suspects.
    ///
    /// One that was asked to stop is cancelled instead.
    mutating func reap(_ name: String) -> Int {
        var suspects = 0
        let moment = now
        for score in self[name].leases.prefix(while: { $0.score <= moment }).prefix(100) {
            self[name].progress[score.id] = nil
            guard var job = self[name].jobs[score.id] else { continue }
            job.lapses += 1
            job.note("l", now)
            self[name].jobs[score.id] = job
            note(job.header, name, score.id, "lapsed")
            if self[name].requests.removeValue(forKey: score.id) != nil {
                end(score.id, name)
            } else if job.lapses >= job.header.maximumLapses {
                bury(score.id, name)
            } else {
                self[name].putBack(score.id)
                suspects += 1
            }
        }
        return suspects
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
        progress[id] = nil
        let dead = dead
        for score in dead.prefix(min(100, max(0, dead.count - cap))) { jobs[score.id] = nil }
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
}
