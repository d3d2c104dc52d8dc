public import Foundation

extension PreparedJob {
    /// The same job with another payload, as an ``EnqueueMiddleware`` makes it that encrypts or compresses.
    ///
    /// A ``JobMiddleware`` on the other side turns it back (``JobContext/payload``). A unique job's key stays what it was.
    ///
    /// - Throws: `JobQueueError` with `.payloadTooLarge`.
    public func replacingPayload(_ change: (Data) throws -> Data) throws -> PreparedJob {
        let payload = try change(payload)
        guard payload.count <= JobQueue.maximumPayloadBytes else {
            throw JobQueueError(
                .payloadTooLarge,
                "The payload of \(name) has \(payload.count) bytes; at most \(JobQueue.maximumPayloadBytes) go.")
        }
        return PreparedJob(id: id, queue: queue, delay: delay, header: header, payload: payload)
    }
}
