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
    /// The timeline that the job's events go to; follow-ups that have none get it too.
    public let tag: String?
    /// The batch that the job is counted in (``PreparedJob/joining(batch:)`` adds members while it runs).
    public let batch: BatchID?
    /// When the job was enqueued, on Redis's clock.
    public let enqueuedAt: Date
    /// The payload as it came, JSON; a middleware may hand on another one.
    public var payload = Data()
    /// When this attempt is cancelled because its time is over; `nil` if its type has no ``JobOptions/timeout``.
    public let deadline: ContinuousClock.Instant?
    private let baseLogger: Logger
    /// What is behind it in a worker; `nil` in a test.
    private(set) var attemptMade: Attempt?

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
        tag: String? = nil,
        batch: BatchID? = nil,
        enqueuedAt: Date = .now,
        deadline: ContinuousClock.Instant? = nil,
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
        self.tag = tag
        self.batch = batch
        self.deadline = deadline
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

    /// How much time the attempt has left, at least zero; `nil` without a ``deadline``.
    public var timeLeft: Duration? {
        deadline.map { max(.zero, ContinuousClock.now.duration(to: $0)) }
    }

    /// Whether the attempt should stop; ``cancellation`` says why.
    ///
    /// The same as `Task.isCancelled` in the handler's task, so whatever throws `CancellationError` there does right.
    public var isCancelled: Bool { Task.isCancelled }

    /// Why the attempt should stop; `nil` while it should not.
    ///
    /// In a worker it can be asked from any task. In a test it follows the task: cancelled or not.
    public var cancellation: JobCancellation.Reason? {
        guard let attemptMade else { return Task.isCancelled ? .cancelled : nil }
        return attemptMade.cancellation
    }

    /// Throws a ``JobCancellation`` with the reason if the attempt should stop.
    public func checkCancellation() throws {
        if let reason = cancellation { throw JobCancellation(reason) }
    }
}

extension JobContext {
    init(_ claim: Claim, _ worker: JobWorker, _ runner: QueueRunner, startedAt: ContinuousClock.Instant) {
        let header = claim.header
        self.init(
            id: claim.id,
            queue: runner.queue.name,
            name: header.name,
            version: header.version,
            failures: claim.failures,
            lapses: claim.lapses,
            isLastAttempt: claim.failures + 1 >= header.maximumFailures,
            traceID: header.traceID,
            tag: header.tag,
            batch: header.batch.map { BatchID(rawValue: $0) },
            enqueuedAt: Date(timeIntervalSince1970: Double(header.createdMilliseconds) / 1000),
            deadline: claim.handler.options.timeout.map { startedAt + $0 },
            logger: worker.logger)
        payload = claim.envelope.payload
        attemptMade = Attempt(worker: worker, runner: runner, epoch: claim.epoch)
    }
}
