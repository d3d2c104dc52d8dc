/// An error reply of the server.
public struct RedisServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The first word: `ERR`, `WRONGTYPE`, `OOM`, `NOSCRIPT`.
    public let prefix: String
    /// The whole text as the server sent it, the prefix included.
    public let message: String

    /// Splits the prefix off the text of an error reply.
    public init(message: String) {
        self.message = message
        prefix = String(message.prefix { $0 != " " })
    }

    /// The server's text.
    public var description: String { message }
}
