internal import Foundation
internal import RedisClient

/// A job that is ready to be put on its queue: serialised once, checked, with its id.
public struct PreparedJob: Sendable {
    /// The producer-made id.
    public internal(set) var id: JobID
    /// The queue it goes to.
    public let queue: String
    /// How long it waits before it may be claimed, counted on Redis's clock from its enqueue.
    public var delay: Duration?
    /// What stands in the envelope before the payload; Redis stamps the level and the times.
    private(set) var header: EnvelopeHeader
    let payload: Data

    init(id: JobID, queue: String, delay: Duration?, header: EnvelopeHeader, payload: Data) {
        self.id = id
        self.queue = queue
        self.delay = delay
        self.header = header
        self.payload = payload
    }

    /// The name of its type.
    public var name: String { header.name }
    /// The version of its payload.
    public var version: Int { header.version }
    /// The level at which it waits.
    public var priority: JobPriority {
        get { header.priority }
        set { header.priority = newValue }
    }
    /// The trace context that its handler gets: `nil` or 1 to 256 visible ASCII characters, anything else traps.
    public var traceID: String? {
        get { header.traceID }
        set {
            precondition(newValue.map { isVisible($0, upTo: 256) } ?? true, "a trace id has visible ASCII characters")
            header.traceID = newValue
        }
    }
    /// The timeline that its events go to: `nil` or 1 to 128 visible ASCII characters, anything else traps.
    public var tag: String? {
        get { header.tag }
        set {
            precondition(newValue.map { isVisible($0, upTo: 128) } ?? true, "a tag has visible ASCII characters")
            header.tag = newValue
        }
    }
    /// The batch that it is counted in.
    public var batch: BatchID? { header.batch.map { BatchID(rawValue: $0) } }

    /// The same job with this tag and trace context where it has none of its own.
    ///
    /// Values that a job could not be prepared with are left out.
    public func inheriting(tag: String?, traceID: String?) -> PreparedJob {
        var job = self
        if header.tag == nil, let tag, isVisible(tag, upTo: 128) { job.header.tag = tag }
        if header.traceID == nil, let traceID, isVisible(traceID, upTo: 256) { job.header.traceID = traceID }
        return job
    }

    /// The same job as a member of a batch, counted in it from its enqueue until it has ended.
    ///
    /// So a running member adds members: a follow-up that joins the batch is counted in the same step in which its
    /// parent is counted down, hence before the batch could be over. To a batch that is over, or that there is not,
    /// nobody can be added: then the job is enqueued all the same and counted nowhere.
    public func joining(batch: BatchID) -> PreparedJob {
        precondition(batch.isValid, "a batch's id has 1 to 128 bytes without white space")
        var job = self
        job.header.batch = batch.rawValue
        return job
    }

    /// The number of arguments that one job takes in a script's call.
    static let argumentCount = 5

    /// The envelope without what Redis stamps on it.
    var body: [UInt8] { header.encoded(before: payload) }

    /// About how many bytes it takes in a script's call.
    var byteCount: Int { payload.count + id.rawValue.utf8.count + queue.utf8.count + 128 }

    func append(to arguments: inout [RedisArgument]) {
        arguments.append(RedisArgument(queue))
        arguments.append(RedisArgument(id.rawValue))
        arguments.append(RedisArgument(header.mark))
        arguments.append(RedisArgument(max(0, delay?.milliseconds ?? 0)))
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
    ///   - tag: the timeline that its events go to, for example an order's id: up to 128 visible ASCII characters.
    /// - Throws: `JobQueueError` with `.invalidJob` or `.payloadTooLarge`, or what the payload's `encode` throws.
    public func prepared(
        id: JobID = .generate(),
        delay: Duration? = nil,
        priority: JobPriority? = nil,
        traceID: String? = nil,
        tag: String? = nil
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
        if let traceID, !isVisible(traceID, upTo: 256) {
            throw JobQueueError(.invalidJob, "A trace id has 1 to 256 visible ASCII characters.")
        }
        if let tag, !isVisible(tag, upTo: 128) {
            throw JobQueueError(.invalidJob, "A tag has 1 to 128 visible ASCII characters.")
        }
        // The payload is the key of a unique job: the same values must come to the same bytes.
        let encoder = options.uniqueness == nil ? PayloadEncoders.plain : PayloadEncoders.sorted
        let payload = try encoder.encode(self)
        guard payload.count <= JobQueue.maximumPayloadBytes else {
            throw JobQueueError(
                .payloadTooLarge,
                "The payload of \(Self.name) has \(payload.count) bytes; at most \(JobQueue.maximumPayloadBytes) go. "
                    + "Store what is large and pass its key.")
        }
        let header = EnvelopeHeader(
            priority: priority ?? options.priority,
            name: Self.name,
            version: Self.version,
            maximumFailures: max(1, options.maximumFailures),
            maximumLapses: max(1, options.maximumLapses),
            windowMilliseconds: max(0, options.deduplicationWindow.milliseconds),
            retentionMilliseconds: max(0, options.resultRetention.milliseconds),
            traceID: traceID ?? JobTracing.current(),
            unique: options.uniqueness.map { uniqueness in
                if let key = uniqueKey {
                    UniqueLock(uniqueness, name: Self.name, key: key.utf8)
                } else {
                    UniqueLock(uniqueness, name: Self.name, key: payload)
                }
            },
            tag: tag
        )
        return PreparedJob(id: id, queue: Self.queue, delay: delay, header: header, payload: payload)
    }
}

/// Encoders for all payloads.
///
/// Making one costs as much as encoding a small payload, and encoding does not change it.
private enum PayloadEncoders {
    static let plain = JSONEncoder()
    static let sorted: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return encoder
    }()
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

/// Whether a text is 1 to so many visible ASCII characters.
func isVisible(_ text: String, upTo limit: Int) -> Bool {
    (1...limit).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
}
