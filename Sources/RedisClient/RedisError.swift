/// Why a command has no reply.
///
/// The codes say what is known about the command's fate: ``Code/notSent`` and ``Code/server`` never leave a doubt, ``Code/outcomeUnknown``
/// and ``Code/timedOut`` do, and ``Code/notReplicated`` leaves one about the next failover.
public struct RedisError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        enum Value: String {
            case server, notSent, outcomeUnknown, timedOut, cancelled, closed, protocolViolation, poolExhausted
            case invalidCommand, notReplicated
        }

        let value: Value

        /// The server answered with an error: see ``RedisError/serverError``.
        public static let server = Code(value: .server)
        /// The command did not run: it was never written completely.
        ///
        /// Safe to repeat.
        public static let notSent = Code(value: .notSent)
        /// The connection was cut after the command may have been written: it ran or it did not.
        public static let outcomeUnknown = Code(value: .outcomeUnknown)
        /// No reply within the timeout.
        ///
        /// The command was sent, so its outcome is unknown.
        public static let timedOut = Code(value: .timedOut)
        /// The calling task was cancelled.
        ///
        /// The command may have run.
        public static let cancelled = Code(value: .cancelled)
        /// The client or the dedicated connection was closed; the command was not sent.
        public static let closed = Code(value: .closed)
        /// The server sent something that cannot be read (RESP3, nesting over seven levels).
        public static let protocolViolation = Code(value: .protocolViolation)
        /// Every dedicated connection stayed in use for the whole command timeout.
        public static let poolExhausted = Code(value: .poolExhausted)
        /// The command does not belong on this kind of connection; nothing was sent.
        public static let invalidCommand = Code(value: .invalidCommand)
        /// The command ran on the primary, but too few replicas said in time that they have it: a failover may lose it.
        public static let notReplicated = Code(value: .notReplicated)

        /// The code's name.
        public var description: String { value.rawValue }
    }

    /// What kind of failure it was.
    public let code: Code
    /// What happened, for a log.
    public let message: String
    /// The error that caused this one, if there was one.
    public let underlying: (any Error)?

    /// Makes an error.
    public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.underlying = underlying
    }

    init(server error: RedisServerError) {
        self.init(.server, error.message, underlying: error)
    }

    /// The server's error reply, when ``code`` is ``Code/server``.
    public var serverError: RedisServerError? { underlying as? RedisServerError }

    /// Whether the command may have taken effect although no reply says so.
    public var mayHaveRun: Bool {
        switch code.value {
        case .outcomeUnknown, .timedOut, .cancelled, .protocolViolation, .notReplicated: true
        case .server, .notSent, .closed, .poolExhausted, .invalidCommand: false
        }
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }
}
