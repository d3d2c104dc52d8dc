internal import Foundation
internal import RedisClient

extension QueueStatus {
    /// Reads the reply of `Lua/inspect.lua`.
    init?(name: String, reply: RESPValue) {
        let numbers = (reply.array ?? []).prefix(12).compactMap(\.int)
        guard numbers.count == 12 else { return nil }
        let newest = Int64(numbers[11])
        self.init(
            name: name, isPaused: numbers[0] == 1, waiting: Array(numbers[1...3]), suspect: numbers[4],
            running: numbers[5], scheduled: numbers[6], parked: numbers[7], dead: numbers[8], completed: numbers[9],
            latencyMilliseconds: numbers[10] < 0 ? nil : Int64(numbers[10]),
            minutes: (reply.array ?? []).dropFirst(12).enumerated().map { offset, counters in
                Minute(minute: newest - Int64(offset), counters: counters.fields)
            })
    }
}

extension QueueStatus.Minute {
    init(minute: Int64, counters: [String: String]) {
        func count(_ field: String) -> Int { counters[field].flatMap { Int($0) } ?? 0 }
        self.init(
            minute: minute, enqueued: count("enqueued"), completed: count("completed"), failed: count("failed"),
            lapsed: count("lapsed"), dead: count("dead"), runMicroseconds: Int64(count("run_us")))
    }
}

/// What is kept of a job that had trouble, as `Lua/fate.lua` writes it.
private struct History: Decodable {
    struct Entry: Decodable {
        var t: Int64
        var k: String
        var m: String
    }

    var f: Int
    var l: Int
    var e: [Entry]

    private enum Key: CodingKey { case f, l, e }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        f = try container.decode(Int.self, forKey: .f)
        l = try container.decode(Int.self, forKey: .l)
        // Lua's JSON writes an empty list as an object.
        e = (try? container.decode([Entry].self, forKey: .e)) ?? []
    }
}

extension JobRecord {
    init(
        id: String, queue: String, state: JobState, stateAt: Int64?, envelope: Envelope?, history: String?,
        result: String?, showsPayload: Bool
    ) {
        // A history that can't be read is no reason to hide the job.
        let history = history.flatMap { try? JSONDecoder().decode(History.self, from: Data($0.utf8)) }
        let header = envelope?.header
        self.init(
            id: JobID(rawValue: id), queue: queue, state: state, name: header?.name ?? "",
            version: header?.version ?? 0, priority: header?.priority ?? .normal,
            createdAt: header?.createdMilliseconds, stateAt: stateAt,
            payload: showsPayload ? envelope.map { String(decoding: $0.payload, as: UTF8.self) } : nil,
            failures: history?.f ?? 0, lapses: history?.l ?? 0, maximumFailures: header?.maximumFailures ?? 0,
            troubles: (history?.e ?? []).map { Trouble(at: $0.t, isLapse: $0.k == "l", message: $0.m) },
            traceID: header?.traceID, result: result)
    }
}

extension WorkerRecord {
    /// Reads a worker's entry in the registry; `nil` if it is gone.
    init?(id: String, beatAt: Int64, fields: [String: String]) {
        guard let name = fields["name"] else { return nil }
        let running = fields["running"].flatMap { try? JSONDecoder().decode([Running].self, from: Data($0.utf8)) }
        self.init(
            id: id, name: name, host: fields["host"] ?? "", pid: fields["pid"].flatMap { Int($0) } ?? 0,
            queues: (fields["queues"] ?? "").split(separator: ",").map(String.init),
            startedAt: fields["started"].flatMap { Int64($0) } ?? 0, beatAt: beatAt, running: running ?? [])
    }
}
