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
    /// Reads what `Lua/find.lua` and `Lua/page.lua` say of a job.
    init(
        id: String, queue: String, state: JobState, at: RESPValue, envelope: [UInt8]?, history: RESPValue,
        result: RESPValue, progress: RESPValue, showsPayload: Bool
    ) {
        // A history that can't be read is no reason to hide the job.
        let history = history.string.flatMap { try? JSONDecoder().decode(History.self, from: Data($0.utf8)) }
        let envelope = envelope.flatMap { Envelope($0) }
        let header = envelope?.header
        self.init(
            id: JobID(rawValue: id), queue: queue, state: state, name: header?.name ?? "",
            version: header?.version ?? 0, priority: header?.priority ?? .normal,
            createdAt: header?.createdMilliseconds, stateAt: at.milliseconds.flatMap { $0 > 0 ? $0 : nil },
            payload: showsPayload ? envelope.map { String(decoding: $0.payload, as: UTF8.self) } : nil,
            failures: history?.f ?? 0, lapses: history?.l ?? 0, maximumFailures: header?.maximumFailures ?? 0,
            troubles: (history?.e ?? []).map { entry in
                Trouble(at: entry.t, isLapse: entry.k == "l", isCancellation: entry.k == "c", message: entry.m)
            },
            traceID: header?.traceID, result: result.string, tag: header?.tag, batch: header?.batch,
            uniqueKey: header?.unique?.shownKey, progress: progress.string.flatMap { Progress(text: $0) })
    }
}

extension JobRecord.Progress {
    /// Reads `fraction|ms|message`.
    init?(text: String) {
        let parts = text.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let at = Int64(parts[1]) else { return nil }
        self.init(fraction: Double(parts[0]), at: at, message: String(parts[2]))
    }
}

extension UniqueLock {
    /// What a person is shown: the type's name and the key, or `#` and a hash where that is long.
    var shownKey: String { digest.hasPrefix("=") ? String(digest.dropFirst()) : digest }
}
