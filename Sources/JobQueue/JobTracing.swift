internal import Tracing

/// Trace context through the queue: from the producer's ServiceContext into the envelope's trace field and back.
///
/// The field is up to 256 visible ASCII characters: the W3C `traceparent` as it is, and what else the tracer injects as
/// `;key=value`, percent-encoded. What does not fit is left out, the `traceparent` last of all: W3C Trace Context §3.3
/// allows to drop `tracestate`. A field that a producer gave itself is handed to tracers only if it has that form.
enum JobTracing {
    static let maximumBytes = 256
    private static let parentKey = "traceparent"

    /// The process's tracer, or `nil` if it has none; asked once for many jobs, because it takes a lock.
    static func tracer() -> (any Tracer)? {
        let tracer = InstrumentationSystem.tracer
        return tracer is NoOpTracer ? nil : tracer
    }

    /// The trace field for what is enqueued in this task; `nil` outside a trace.
    static func current() -> String? {
        // A task-local's look, before anything that costs.
        guard let context = ServiceContext.current else { return nil }
        var carrier: [String: String] = [:]
        InstrumentationSystem.instrument.inject(context, into: &carrier, using: Fields())
        return encoded(carrier)
    }

    /// Runs one attempt in a consumer span that is the child of its producer's.
    ///
    /// Names and attributes follow OpenTelemetry's semantic conventions for messaging spans.
    static func traced<T>(
        _ tracer: some Tracer, _ context: JobContext, _ body: () async throws -> T
    ) async throws -> T {
        var parent = ServiceContext.topLevel
        if let carrier = context.traceID.map(decoded), !carrier.isEmpty {
            tracer.extract(carrier, into: &parent, using: Fields())
        }
        return try await tracer.withSpan("process \(context.queue)", context: parent, ofKind: .consumer) { span in
            span.updateAttributes { attributes in
                attributes["messaging.system"] = "redis"
                attributes["messaging.operation.name"] = "process"
                attributes["messaging.operation.type"] = "process"
                attributes["messaging.destination.name"] = context.queue
                attributes["messaging.message.id"] = context.id.rawValue
                attributes["messaging.message.body.size"] = context.payload.count
                attributes["jobqueue.job.type"] = context.name
                attributes["jobqueue.job.version"] = context.version
                attributes["jobqueue.job.attempt"] = context.attempt
            }
            do {
                return try await body()
            } catch {
                span.attributes["error.type"] = String(reflecting: type(of: error))
                throw error
            }
        }
    }

    /// What logs show: the id of the whole trace where the field has one.
    static func traceID(_ field: String) -> String {
        guard let parent = field.split(separator: ";", omittingEmptySubsequences: false).first, isParent(parent) else {
            return field
        }
        return String(parent.dropFirst(3).prefix(32))
    }

    static func encoded(_ carrier: [String: String]) -> String? {
        var field = carrier[parentKey] ?? ""
        guard isParent(field[...]) || field.isEmpty else { return nil }
        for (key, value) in carrier.sorted(by: { $0.key < $1.key }) where key != parentKey {
            let entry = ";\(escaped(key))=\(escaped(value))"
            if field.utf8.count + entry.utf8.count <= maximumBytes { field += entry }
        }
        return field.isEmpty ? nil : field
    }

    static func decoded(_ field: String) -> [String: String] {
        var carrier: [String: String] = [:]
        for (index, part) in field.split(separator: ";", omittingEmptySubsequences: false).enumerated() {
            if index == 0 {
                guard part.isEmpty || isParent(part) else { return [:] }
                if !part.isEmpty { carrier[parentKey] = String(part) }
            } else if let equals = part.firstIndex(of: "="),
                let key = unescaped(part[..<equals]), let value = unescaped(part[part.index(after: equals)...])
            {
                carrier[key] = value
            }
        }
        return carrier
    }

    /// `version-traceid-parentid-flags`; a later version may go on after another dash.
    private static func isParent(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 55, bytes.count <= maximumBytes, bytes.count == 55 || bytes[55] == UInt8(ascii: "-") else {
            return false
        }
        return bytes.prefix(55).enumerated().allSatisfy { index, byte in
            switch index {
            case 2, 35, 52: byte == UInt8(ascii: "-")
            default: (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
            }
        } && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ";") }
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x21..<0x7F where byte != UInt8(ascii: "%") && byte != UInt8(ascii: ";") && byte != UInt8(ascii: "="):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func unescaped(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private struct Fields: Injector, Extractor {
        func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    }
}
