/// What a command does to the connection that carries it.
enum RedisCommandKind: Sendable, Equatable {
    /// One request, one reply, nothing left behind.
    case ordinary
    /// Holds the connection back until something happens; `nil` has no end.
    ///
    /// Needs a dedicated connection.
    case blocking(Duration?)
    /// Starts to leave state on the connection (`MULTI`, `WATCH`).
    ///
    /// Needs a dedicated connection.
    case opensTransaction
    /// Ends that state (`EXEC`, `DISCARD`, `UNWATCH`).
    case closesTransaction
    /// Changes the connection for good (`SELECT`, `AUTH`, `CLIENT TRACKING`): dedicated, and not reused afterwards.
    case changesConnection
    /// Breaks the pairing of requests and replies under hiredis: subscriptions go through `subscribe`, the rest not at all.
    case forbidden

    init(name: String, arguments: [RedisArgument]) {
        // Most names cannot be special: their first letter decides, without a copy.
        switch name.utf8.first.map({ $0 | 0x20 }) {
        case UInt8(ascii: "a"), UInt8(ascii: "b"), UInt8(ascii: "c"), UInt8(ascii: "d"), UInt8(ascii: "e"),
            UInt8(ascii: "h"), UInt8(ascii: "m"), UInt8(ascii: "p"), UInt8(ascii: "q"), UInt8(ascii: "r"),
            UInt8(ascii: "s"), UInt8(ascii: "u"), UInt8(ascii: "w"), UInt8(ascii: "x"):
            self = Self.classify(name.uppercased(), arguments)
        default:
            self = .ordinary
        }
    }

    private static func classify(_ name: String, _ arguments: [RedisArgument]) -> RedisCommandKind {
        switch name {
        case "BLPOP", "BRPOP", "BZPOPMIN", "BZPOPMAX", "BLMOVE", "BRPOPLPUSH":
            .blocking(duration(seconds: arguments.last))
        case "BLMPOP", "BZMPOP":
            .blocking(duration(seconds: arguments.first))
        case "WAIT", "WAITAOF":
            .blocking(duration(milliseconds: arguments.last))
        case "XREAD", "XREADGROUP":
            blockOption(of: arguments)
        case "MULTI", "WATCH":
            .opensTransaction
        case "EXEC", "DISCARD", "UNWATCH":
            .closesTransaction
        case "SELECT", "AUTH", "ASKING", "READONLY", "READWRITE", "QUIT":
            .changesConnection
        case "CLIENT":
            clientSubcommand(arguments.first)
        case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "MONITOR", "HELLO",
            "RESET", "SYNC", "PSYNC":
            .forbidden
        default:
            .ordinary
        }
    }

    private static func blockOption(of arguments: [RedisArgument]) -> RedisCommandKind {
        for (index, argument) in arguments.enumerated() {
            let word = argument.text.uppercased()
            if word == "STREAMS" { break }
            guard word == "BLOCK", index + 1 < arguments.count else { continue }
            return .blocking(duration(milliseconds: arguments[index + 1]))
        }
        return .ordinary
    }

    private static func clientSubcommand(_ argument: RedisArgument?) -> RedisCommandKind {
        switch argument?.text.uppercased() {
        case "REPLY": .forbidden
        case "TRACKING", "CACHING", "NO-EVICT", "SETNAME": .changesConnection
        default: .ordinary
        }
    }

    private static func duration(milliseconds argument: RedisArgument?) -> Duration? {
        guard let milliseconds = argument.flatMap({ Int64($0.text) }), milliseconds > 0 else { return nil }
        return .milliseconds(milliseconds)
    }

    private static func duration(seconds argument: RedisArgument?) -> Duration? {
        guard let seconds = argument.flatMap({ Double($0.text) }), seconds > 0, seconds < 1e9 else { return nil }
        return .seconds(seconds)
    }
}

extension RedisArgument {
    /// The argument as text, for the few commands whose arguments matter to the client.
    var text: String {
        switch storage {
        case .string(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let value): String(value)
        }
    }
}
