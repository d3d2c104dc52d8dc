internal import Foundation
internal import RedisClient

extension QueueInspector {
    /// A page of the jobs in a state, without payloads; at most 1,000.
    ///
    /// Waiting and suspect jobs come in the order of their claim, running and scheduled ones by their time, dead and
    /// completed ones with the latest first. Jobs that move while pages are read can be missed or come twice.
    public func jobs(
        queue name: String, state: JobState, cursor: String? = nil, limit: Int = 50
    ) async throws -> JobPage {
        let limit = min(max(limit, 1), JobQueue.maximumBatch)
        let offset = max(0, cursor.flatMap { Int($0) } ?? 0)
        let places = try await places(name, state, offset: offset, count: limit + 1)
        let shown = Array(places.prefix(limit))
        let jobs = try await records(name, state, shown)
        return JobPage(jobs: jobs, nextCursor: places.count > limit ? String(offset + limit) : nil)
    }

    /// One job with its payload; without a queue's name all are asked.
    public func job(id: JobID, queue name: String? = nil) async throws -> JobRecord? {
        let candidates = if let name { [name] } else { try await names() }
        for name in candidates {
            if let job = try await job(id, on: name) { return job }
        }
        return nil
    }

    private typealias Place = (id: String, at: Int64?)

    private func places(_ name: String, _ state: JobState, offset: Int, count: Int) async throws -> [Place] {
        let keys = queue.keys
        switch state {
        case .waiting:
            return try await listed(JobPriority.allCases.map { keys.level(name, $0) }, offset: offset, count: count)
        case .suspect:
            return try await listed([keys.suspect(name)], offset: offset, count: count)
        case .running:
            return try await scored(keys.lease(name), offset, count).map { (Self.leased($0.member), $0.score) }
        case .scheduled:
            return try await scored(keys.due(name), offset, count).map { ($0.member, $0.score) }
        case .parked:
            return try await scored(keys.parked(name), offset, count).map { (Self.parked($0.member), nil) }
        case .dead:
            return try await scored(keys.dead(name), offset, count, latestFirst: true).map { ($0.member, $0.score) }
        case .completed:
            return try await scored(keys.done(name), offset, count, latestFirst: true).map { ($0.member, $0.score) }
        }
    }

    /// From the right ends of lists, one after the other: the order of the claims.
    private func listed(_ lists: [String], offset: Int, count: Int) async throws -> [Place] {
        let lengths = try await read(lists.map { RedisCommand("LLEN", RedisArgument($0)) }).map { $0.int ?? 0 }
        var found: [Place] = []
        var skip = offset
        for (list, length) in zip(lists, lengths) where found.count < count {
            guard skip < length else {
                skip -= length
                continue
            }
            let first = -1 - skip
            let command = RedisCommand(
                "LRANGE", RedisArgument(list), RedisArgument(first - (count - found.count) + 1), RedisArgument(first))
            found += (try await read([command])[0].array ?? []).compactMap(\.string).reversed().map { ($0, nil) }
            skip = 0
        }
        return found
    }

    private func scored(
        _ key: String, _ offset: Int, _ count: Int, latestFirst: Bool = false
    ) async throws -> [(member: String, score: Int64)] {
        var arguments = [RedisArgument(key), RedisArgument(offset), RedisArgument(offset + count - 1)]
        arguments += latestFirst ? ["REV", "WITHSCORES"] : ["WITHSCORES"]
        return try await read([RedisCommand("ZRANGE", arguments)])[0].scoredMembers
    }

    private func records(_ name: String, _ state: JobState, _ places: [Place]) async throws -> [JobRecord] {
        guard !places.isEmpty else { return [] }
        let keys = queue.keys
        let ids = places.map { RedisArgument($0.id) }
        let envelopes = state == .dead ? keys.morgue(name) : keys.jobs(name)
        let replies = try await read([
            RedisCommand("HMGET", [RedisArgument(envelopes)] + ids),
            RedisCommand("HMGET", [RedisArgument(keys.history(name))] + ids),
            RedisCommand("HMGET", [RedisArgument(keys.result(name))] + ids),
        ])
        return places.indices.compactMap { index in
            let envelope = replies[0][index].bytes.flatMap { Envelope($0) }
            // Gone meanwhile, or deleted and only its mark still lies in the list.
            guard envelope != nil || state == .completed else { return nil }
            return JobRecord(
                id: places[index].id, queue: name, state: state, stateAt: places[index].at, envelope: envelope,
                history: replies[1][index].string, result: replies[2][index].string, showsPayload: false)
        }
    }

    private func job(_ id: JobID, on name: String) async throws -> JobRecord? {
        let keys = queue.keys
        let member = RedisArgument(id.rawValue)
        let replies = try await read([
            RedisCommand("HGET", RedisArgument(keys.jobs(name)), member),
            RedisCommand("HGET", RedisArgument(keys.morgue(name)), member),
            RedisCommand("HGET", RedisArgument(keys.history(name)), member),
            RedisCommand("HGET", RedisArgument(keys.result(name)), member),
            RedisCommand("ZSCORE", RedisArgument(keys.dead(name)), member),
            RedisCommand("ZSCORE", RedisArgument(keys.due(name)), member),
            RedisCommand("ZSCORE", RedisArgument(keys.done(name)), member),
            // As many as run at once: the concurrency of the workers, not the length of the queue.
            RedisCommand("ZRANGE", RedisArgument(keys.lease(name)), 0, -1, "WITHSCORES"),
        ])
        func record(_ state: JobState, _ at: Int64?, _ envelope: Envelope?) -> JobRecord {
            JobRecord(
                id: id.rawValue, queue: name, state: state, stateAt: at, envelope: envelope,
                history: replies[2].string, result: replies[3].string, showsPayload: true)
        }
        if let dead = replies[4].milliseconds {
            return record(.dead, dead, replies[1].bytes.flatMap { Envelope($0) })
        }
        guard let envelope = replies[0].bytes.flatMap({ Envelope($0) }) else {
            return replies[6].milliseconds.map { record(.completed, $0, nil) }
        }
        if let lease = replies[7].scoredMembers.last(where: { Self.leased($0.member) == id.rawValue }) {
            return record(.running, lease.score, envelope)
        }
        if let due = replies[5].milliseconds { return record(.scheduled, due, envelope) }
        let type = "\(envelope.header.name)@\(envelope.header.version):\(id.rawValue)"
        let parked = try await read([RedisCommand("ZSCORE", RedisArgument(keys.parked(name)), RedisArgument(type))])[0]
        if !parked.isNull { return record(.parked, nil, envelope) }
        let waiting = record(.waiting, nil, envelope)
        return waiting.lapses > 0 ? record(.suspect, nil, envelope) : waiting
    }

    /// The id of a lease `id:epoch`.
    private static func leased(_ member: String) -> String {
        member.lastIndex(of: ":").map { String(member[..<$0]) } ?? member
    }

    /// The id of a parked `type@version:id`.
    private static func parked(_ member: String) -> String {
        guard let at = member.firstIndex(of: "@"), let colon = member[at...].firstIndex(of: ":") else { return member }
        return String(member[member.index(after: colon)...])
    }
}
