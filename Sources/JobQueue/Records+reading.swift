internal import Foundation
internal import RedisClient

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
