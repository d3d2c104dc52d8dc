/// A command, encoded once for the wire when it is made.
public struct RedisCommand: Sendable {
    /// The command's name as it was given, for errors and logs.
    public let name: String
    /// Whether the command is sent again after a cut that leaves its outcome unknown.
    public var retry: RedisClient.Retry = .never
    /// How long the command may take; `nil` is the client's default, for a blocking command its own timeout plus that default.
    public var timeout: Duration?

    /// The RESP encoding and the NUL after it.
    let encoded: [UInt8]
    let kind: RedisCommandKind

    /// Encodes a command.
    public init(_ name: String, _ arguments: [RedisArgument]) {
        self.name = name
        encoded = RESPEncoder.encode(name, arguments)
        kind = RedisCommandKind(name: name, arguments: arguments)
    }

    /// Encodes a command.
    public init(_ name: String, _ arguments: RedisArgument...) {
        self.init(name, arguments)
    }

    /// Encodes the call of a script, whose arguments may be many.
    init(evaluating script: String, by name: String, keys: [String], arguments: [RedisArgument]) {
        self.name = name
        var head = [RedisArgument(script), RedisArgument(keys.count)]
        for key in keys { head.append(RedisArgument(key)) }
        encoded = RESPEncoder.encode(name, head, arguments)
        kind = .ordinary
    }

    /// The length of the encoding, without its NUL.
    var encodedCount: Int { encoded.count - 1 }

    /// The same command with another retry rule.
    public func retrying(_ retry: RedisClient.Retry) -> RedisCommand {
        var copy = self
        copy.retry = retry
        return copy
    }

    /// The same command with another timeout.
    public func timeout(_ timeout: Duration?) -> RedisCommand {
        var copy = self
        copy.timeout = timeout
        return copy
    }
}
