internal import Foundation

/// What is known of a job beside its payload, as it stands before it in the envelope.
///
/// An envelope is one line of fields, a line feed, and the payload:
/// `<priority>[+] <created ms> <delay ms> <name> <version> <max failures> <max lapses> <window ms> <retention ms> <trace>`
/// and, where the `+` says so, extras in any order: ` u=<lock>`, ` b=<batch>`, ` g=<tag>`.
/// Redis stamps the first three (`Lua/put.lua`); the scripts read the fields up to the lapses and the extras, so their
/// order is part of the schema version. Text was chosen over JSON because Lua reads it without building tables, and the
/// `+` is byte 2, so that a script sees at a glance that a job has no extras. Schema 1 had none; its envelopes are
/// read as ever.
struct EnvelopeHeader: Sendable, Equatable {
    var priority: JobPriority = .normal
    var createdMilliseconds: Int64 = 0
    var delayMilliseconds: Int64 = 0
    var name: String
    var version: Int
    var maximumFailures: Int
    var maximumLapses: Int
    var windowMilliseconds: Int64
    var retentionMilliseconds: Int64
    var traceID: String?
    /// The lock that makes the job unique.
    var unique: UniqueLock?
    /// The batch that it is counted in.
    var batch: String?
    /// The timeline that its events go to.
    var tag: String?

    /// Whether a script has to read more than the first fields.
    var hasExtras: Bool { unique != nil || batch != nil || tag != nil }

    /// The level as it stands in the envelope and in a script's arguments.
    var mark: String { hasExtras ? "\(priority.rawValue)+" : "\(priority.rawValue)" }

    /// The part that the producer makes, followed by the payload.
    func encoded(before payload: Data) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.count + name.utf8.count + (hasExtras ? 512 : 128))
        bytes.append(contentsOf: name.utf8)
        bytes.append(field: Int64(version))
        bytes.append(field: Int64(maximumFailures))
        bytes.append(field: Int64(maximumLapses))
        bytes.append(field: windowMilliseconds)
        bytes.append(field: retentionMilliseconds)
        bytes.append(field: traceID ?? "-")
        if let unique { bytes.append(field: "u=\(unique)") }
        if let batch { bytes.append(field: "b=\(batch)") }
        if let tag { bytes.append(field: "g=\(tag)") }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: payload)
        return bytes
    }
}

extension [UInt8] {
    fileprivate mutating func append(field text: String) {
        append(UInt8(ascii: " "))
        append(contentsOf: text.utf8)
    }

    /// Digit by digit: a string in between would be an allocation for each field of each job.
    fileprivate mutating func append(field number: Int64) {
        append(UInt8(ascii: " "))
        if number < 0 { append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = count
        repeat {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }
}

/// A job's header and where its payload begins.
struct Envelope: Sendable {
    var header: EnvelopeHeader
    var bytes: [UInt8]
    var payloadStart: Int

    var payload: Data { Data(bytes[payloadStart...]) }
}

extension Envelope {
    /// Reads an envelope of schema 1 or 2; `nil` if its header has another form.
    ///
    /// Extras with a letter that is not known are skipped: a later version wrote them for its scripts.
    init?(_ bytes: [UInt8]) {
        var cursor = HeaderCursor(bytes: bytes)
        guard let level = cursor.level(), let priority = JobPriority(rawValue: level.number),
            let created = cursor.number(), let delay = cursor.number(),
            let name = cursor.text(), let version = cursor.number(),
            let failures = cursor.number(), let lapses = cursor.number(),
            let window = cursor.number(), let retention = cursor.number(),
            let trace = cursor.text()
        else { return nil }
        header = EnvelopeHeader(
            priority: priority, createdMilliseconds: created, delayMilliseconds: delay, name: name,
            version: Int(version), maximumFailures: Int(failures), maximumLapses: Int(lapses),
            windowMilliseconds: window, retentionMilliseconds: retention, traceID: trace == "-" ? nil : trace)
        while level.hasExtras, !cursor.isAtPayload {
            guard let extra = cursor.text(), header.take(extra: extra) else { return nil }
        }
        guard cursor.isAtPayload else { return nil }
        payloadStart = cursor.index
        self.bytes = bytes
    }
}

extension EnvelopeHeader {
    fileprivate mutating func take(extra: String) -> Bool {
        let value = String(extra.dropFirst(2))
        guard extra.dropFirst().first == "=", !value.isEmpty else { return false }
        switch extra.first {
        case "u":
            guard let lock = UniqueLock(value) else { return false }
            unique = lock
        case "b": batch = value
        case "g": tag = value
        default: break
        }
        return true
    }
}

private struct HeaderCursor {
    let bytes: [UInt8]
    var index = 0

    var isAtPayload: Bool { index > 0 && bytes[index - 1] == UInt8(ascii: "\n") }

    private mutating func field() -> Range<Int>? {
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x20 || byte == 0x0A {
                index += 1
                return start..<(index - 1)
            }
            index += 1
        }
        return nil
    }

    mutating func level() -> (number: Int, hasExtras: Bool)? {
        guard let range = field(), range.count == 1 || range.count == 2 else { return nil }
        if range.count == 2, bytes[range.lowerBound + 1] != UInt8(ascii: "+") { return nil }
        return (Int(bytes[range.lowerBound]) - Int(UInt8(ascii: "0")), range.count == 2)
    }

    mutating func number() -> Int64? {
        guard let range = field(), !range.isEmpty, range.count <= 18 else { return nil }
        var value: Int64 = 0
        for position in range {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }

    mutating func text() -> String? {
        guard let range = field(), !range.isEmpty else { return nil }
        return String(decoding: bytes[range], as: UTF8.self)
    }
}
