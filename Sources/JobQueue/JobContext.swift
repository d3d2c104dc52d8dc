public import Foundation
public import Logging

/// What a handler knows of the attempt it makes.
public struct JobContext: Sendable {
    /// The job's id: the key for effects outside Redis (idempotency key, object key, Message-ID).
    public let id: JobID
    /// The queue it was claimed from.
    public let queue: String
    /// The name of its type.
    public let name: String
    /// The version of its payload.
    public let version: Int
    /// The number of this attempt, from 1.
    public let attempt: Int
    /// How many attempts failed.
    public let failures: Int
    /// How often a worker died or froze with the job.
    public let lapses: Int
    /// Whether the next failure dead-letters the job.
    public let isLastAttempt: Bool
    /// The trace context of the producer: a W3C `traceparent` where it was traced.
    public let traceID: String?
    /// When the job was enqueued, on Redis's clock.
    public let enqueuedAt: Date
    /// The payload as it came, JSON; a middleware may hand on another one.
    public var payload = Data()
    private let baseLogger: Logger

    /// Creates a context, for the test of a handler (``JobHandlers/perform(_:context:)``).
    public init(
        id: JobID = .generate(),
        queue: String,
        name: String,
        version: Int = 1,
        failures: Int = 0,
        lapses: Int = 0,
        isLastAttempt: Bool = false,
        traceID: String? = nil,
        enqueuedAt: Date = .now,
        logger: Logger = Logger(label: "job")
    ) {
        self.id = id
        self.queue = queue
        self.name = name
        self.version = version
        self.attempt = failures + lapses + 1
        self.failures = failures
        self.lapses = lapses
        self.isLastAttempt = isLastAttempt
        self.traceID = traceID
        self.enqueuedAt = enqueuedAt
        self.baseLogger = logger
    }

    /// A logger that carries the job's id, type, attempt and trace; made when asked for.
    public var logger: Logger {
        var logger = baseLogger
        logger[metadataKey: "job"] = "\(id)"
        logger[metadataKey: "type"] = "\(name)"
        logger[metadataKey: "attempt"] = "\(attempt)"
        if let traceID {
            logger[metadataKey: "trace"] = "\(JobTracing.traceID(traceID))"
        }
        return logger
    }

    /// Whether the attempt should stop: its lease was lost, its time is over, or the process drains and its grace ended.
    ///
    /// The same as `Task.isCancelled` in the handler's task.
    public var isCancelled: Bool { Task.isCancelled }
}
