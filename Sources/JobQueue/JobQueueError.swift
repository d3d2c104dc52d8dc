public import RedisClient

/// An error of the queue: a code, what happened, and the client's error below it.
public struct JobQueueError: Error, Sendable, CustomStringConvertible {
    /// What kind of error it is.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        enum Base: String, Sendable {
            case memoryFull, payloadTooLarge, invalidJob, schemaMismatch, unavailable, outcomeUnknown, unexpectedReply
            case redis, invalidConfiguration, invalidSchedule, notReplicated
        }

        let base: Base

        /// Redis's memory is full; nothing was changed.
        public static let memoryFull = Code(base: .memoryFull)
        /// A payload is over ``JobQueue/maximumPayloadBytes``.
        public static let payloadTooLarge = Code(base: .payloadTooLarge)
        /// An id, a name, a trace id or an argument has a wrong form.
        public static let invalidJob = Code(base: .invalidJob)
        /// The queues in Redis are laid out by a version that this one does not know.
        public static let schemaMismatch = Code(base: .schemaMismatch)
        /// The request was not sent: nothing was changed, and repeating it is safe.
        public static let unavailable = Code(base: .unavailable)
        /// The connection was cut or timed out after sending; repeat with the same ids.
        public static let outcomeUnknown = Code(base: .outcomeUnknown)
        /// It is done on the primary, but too few replicas have it: a failover may lose it.
        ///
        /// Repeating with the same ids is safe, and waits for the replicas again.
        public static let notReplicated = Code(base: .notReplicated)
        /// A script's reply had a form that this version does not know.
        public static let unexpectedReply = Code(base: .unexpectedReply)
        /// Redis refused the request; see ``JobQueueError/underlying``.
        public static let redis = Code(base: .redis)
        /// A worker's configuration makes no sense.
        public static let invalidConfiguration = Code(base: .invalidConfiguration)
        /// A cron expression, a time zone or a schedule makes no sense; the message names what and what is allowed.
        public static let invalidSchedule = Code(base: .invalidSchedule)

        /// The code's name.
        public var description: String { base.rawValue }
    }

    /// The kind of error.
    public let code: Code
    /// What happened.
    public let message: String
    /// The client's error, if it was one.
    public let underlying: RedisError?

    init(_ code: Code, _ message: String, underlying: RedisError? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    /// The code, the message and the error below.
    public var description: String {
        "\(code): \(message)" + (underlying.map { " (\($0))" } ?? "")
    }
}
