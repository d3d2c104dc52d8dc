package import RedisClient

/// Reads what a domain script answered: `ok(...)` is `{1, ...}`, `refuse(code, detail)` is `{0, code, detail}`.
package enum ScriptReply {
    /// What follows the 1 of an `ok`.
    ///
    /// - Throws: ``MarketplaceError`` for a refusal, ``ScriptReplyError`` for anything that is no reply of a script.
    package static func values(_ reply: RESPValue, script: String) throws -> [RESPValue] {
        guard let parts = reply.array, let status = parts.first?.int else {
            throw ScriptReplyError(script: script, reply: "\(reply)")
        }
        guard status == 0 else { return Array(parts.dropFirst()) }
        throw MarketplaceError.refused(
            parts.count > 1 ? parts[1].string ?? "conflict" : "conflict", parts.count > 2 ? parts[2].string ?? "" : "")
    }

    /// The fields of a hash as HGETALL returns it: names and values in turns.
    package static func record(_ value: RESPValue) -> [String: String] {
        let flat = value.array ?? []
        var record: [String: String] = [:]
        record.reserveCapacity(flat.count / 2)
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            record[flat[index].string ?? ""] = flat[index + 1].string ?? ""
        }
        return record
    }
}

/// A script answered in a form that it should not have: a fault of the program, not of its input.
package struct ScriptReplyError: Error, CustomStringConvertible {
    package var script: String
    package var reply: String

    package var description: String { "script \(script) answered \(reply.prefix(200))" }
}

/// A record in Redis lacks a field or has one that can't be read: a fault of the program or of the data.
package struct RecordError: Error, CustomStringConvertible {
    package var record: String
    package var field: String

    package init(_ record: String, field: String) {
        self.record = record
        self.field = field
    }

    package var description: String { "record \(record) has no readable field \(field)" }
}
