internal import Foundation

extension PreparedJob {
    /// Makes a job of a type that this program need not know: what an operator types.
    ///
    /// No type checks the payload; a worker that can't decode it dead-letters the job with the reason.
    ///
    /// - Parameters:
    ///   - queue: the queue's name.
    ///   - name: the type's name.
    ///   - version: the payload's version; workers that don't know it park the job.
    ///   - payload: JSON, up to ``JobQueue/maximumPayloadBytes``.
    ///   - options: what the type would say; its lock, if it has one, is that of the payload's text.
    /// - Throws: `JobQueueError` with `.invalidJob` or `.payloadTooLarge`.
    public init(
        queue: String, name: String, version: Int = 1, payload: String, id: JobID = .generate(),
        options: JobOptions = JobOptions(), delay: Duration? = nil, priority: JobPriority? = nil, tag: String? = nil
    ) throws {
        guard id.isValid else {
            throw JobQueueError(.invalidJob, "A job id has 1 to 128 bytes without white space: '\(id)'.")
        }
        guard isPlainName(name), isPlainName(queue), version > 0 else {
            throw JobQueueError(
                .invalidJob,
                "Names of types and queues have 1 to 64 letters, digits, '.', '_' or '-', versions are positive: "
                    + "'\(name)', '\(queue)', \(version).")
        }
        if let tag, !isVisible(tag, upTo: 128) {
            throw JobQueueError(.invalidJob, "A tag has 1 to 128 visible ASCII characters.")
        }
        try checkPayload(payload)
        let header = EnvelopeHeader(
            priority: priority ?? options.priority, name: name, version: version,
            maximumFailures: max(1, options.maximumFailures), maximumLapses: max(1, options.maximumLapses),
            windowMilliseconds: max(0, options.deduplicationWindow.milliseconds),
            retentionMilliseconds: max(0, options.resultRetention.milliseconds), traceID: nil,
            unique: options.uniqueness.map { UniqueLock($0, name: name, key: payload.utf8) }, tag: tag)
        self.init(id: id, queue: queue, delay: delay, header: header, payload: Data(payload.utf8))
    }
}
