internal import Foundation
internal import RedisClient

/// A job that is ready to be put on its queue: serialised once, checked, with its id.
public struct PreparedJob: Sendable {
    /// The producer-made id.
    public let id: JobID
    /// The queue it goes to.
    public let queue: String
    /// The name of its type.
    public let name: String
    /// The version of its payload.
    public let version: Int
    /// The level at which it waits.
    public var priority: JobPriority
    /// How long it waits before it may be claimed, counted on Redis's clock from its enqueue.
    public var delay: Duration?
    let windowMilliseconds: Int64
    /// The envelope without what Redis stamps on it (`Lua/prelude.lua`).
    let body: [UInt8]

    /// The number of arguments that one job takes in a script's call.
    static let argumentCount = 6

    /// About how many bytes it takes in a script's call.
    var byteCount: Int { body.count + id.rawValue.utf8.count + queue.utf8.count }

    func append(to arguments: inout [RedisArgument]) {
        arguments.append(RedisArgument(queue))
        arguments.append(RedisArgument(id.rawValue))
        arguments.append(RedisArgument(priority.rawValue))
        arguments.append(RedisArgument(max(0, delay?.milliseconds ?? 0)))
        arguments.append(RedisArgument(windowMilliseconds))
        arguments.append(RedisArgument(body))
    }
}

extension Job {
    /// Serialises and checks the job.
    ///
    /// - Parameters:
    ///   - id: the producer's id; give the same one when an enqueue is repeated.
    ///   - delay: how long the job waits before it may be claimed.
    ///   - priority: a level other than its type's.
    ///   - traceID: a trace context to hand to the handler: up to 256 bytes, without white space; by default that of
    ///     the current `ServiceContext`, as the process's tracer injects it.
    /// - Throws: `JobQueueError` with `.invalidJob` or `.payloadTooLarge`, or what the payload's `encode` throws.
    public func prepared(
        id: JobID = .generate(),
        delay: Duration? = nil,
        priority: JobPriority? = nil,
        traceID: String? = nil
    ) throws -> PreparedJob {
        let options = Self.options
        guard id.isValid else {
            throw JobQueueError(.invalidJob, "A job id has 1 to 128 bytes without white space: '\(id)'.")
        }
        guard isPlainName(Self.name), isPlainName(Self.queue), Self.version > 0 else {
            throw JobQueueError(
                .invalidJob,
                "Names of types and queues have 1 to 64 letters, digits, '.', '_' or '-', versions are positive: "
                    + "'\(Self.name)', '\(Self.queue)', \(Self.version).")
        }
        if let traceID, !(1...256).contains(traceID.utf8.count) || !traceID.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        {
            throw JobQueueError(.invalidJob, "A trace id has 1 to 256 visible ASCII characters.")
        }
        let payload = try JSONEncoder().encode(self)
        guard payload.count <= JobQueue.maximumPayloadBytes else {
            throw JobQueueError(
                .payloadTooLarge,
                "The payload of \(Self.name) has \(payload.count) bytes; at most \(JobQueue.maximumPayloadBytes) go. "
                    + "Store what is large and pass its key.")
        }
        let header = EnvelopeHeader(
            name: Self.name,
            version: Self.version,
            maximumFailures: max(1, options.maximumFailures),
            maximumLapses: max(1, options.maximumLapses),
            windowMilliseconds: max(0, options.deduplicationWindow.milliseconds),
            retentionMilliseconds: max(0, options.resultRetention.milliseconds),
            traceID: traceID ?? JobTracing.current()
        )
        return PreparedJob(
            id: id,
            queue: Self.queue,
            name: Self.name,
            version: Self.version,
            priority: priority ?? options.priority,
            delay: delay,
            windowMilliseconds: header.windowMilliseconds,
            body: header.encoded(before: payload)
        )
    }
}

func isPlainName(_ name: String) -> Bool {
    let utf8 = name.utf8
    return (1...64).contains(utf8.count)
        && utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
}
