internal import Foundation

/// What is known of a job beside its payload, as it stands before it in the envelope.
///
/// An envelope is one line of fields, a line feed, and the payload:
/// `<priority> <created ms> <delay ms> <name> <version> <max failures> <max lapses> <window ms> <retention ms> <trace>`.
/// Redis stamps the first three (`Lua/prelude.lua`); the scripts read the fields up to the lapses, so their order is
/// part of the schema version. Text was chosen over JSON because Lua reads it without building tables.
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

    /// The part that the producer makes, followed by the payload.
    func encoded(before payload: Data) -> [UInt8] {
        let text =
            "\(name) \(version) \(maximumFailures) \(maximumLapses) \(windowMilliseconds) \(retentionMilliseconds) "
            + "\(traceID ?? "-")\n"
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + payload.count)
        bytes.append(contentsOf: text.utf8)
        bytes.append(contentsOf: payload)
        return bytes
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
    /// Reads an envelope; `nil` if its header has another form.
    init?(_ bytes: [UInt8]) {
        var cursor = HeaderCursor(bytes: bytes)
        guard let level = cursor.number(), let priority = JobPriority(rawValue: Int(level)),
            let created = cursor.number(), let delay = cursor.number(),
            let name = cursor.text(), let version = cursor.number(),
            let failures = cursor.number(), let lapses = cursor.number(),
            let window = cursor.number(), let retention = cursor.number(),
            let trace = cursor.text(), cursor.isAtPayload
        else { return nil }
        header = EnvelopeHeader(
            priority: priority, createdMilliseconds: created, delayMilliseconds: delay, name: name,
            version: Int(version), maximumFailures: Int(failures), maximumLapses: Int(lapses),
            windowMilliseconds: window, retentionMilliseconds: retention, traceID: trace == "-" ? nil : trace)
        payloadStart = cursor.index
        self.bytes = bytes
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
