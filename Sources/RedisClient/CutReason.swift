/// Why a connection ended.
enum CutReason: Sendable, CustomStringConvertible {
    /// The peer, the network or this client ended it.
    case lost(String)
    /// The oldest reply cannot be read; its command is to blame.
    case protocolViolation(String)

    var description: String {
        switch self {
        case .lost(let text), .protocolViolation(let text): text
        }
    }
}

extension RedisServerError {
    /// The command did not run, and the same command may run in a moment: the server loads its data, or is not the primary (yet, any more).
    var isNotNow: Bool {
        switch prefix {
        case "LOADING", "READONLY", "MASTERDOWN": true
        default: false
        }
    }
}

extension RedisCommandKind {
    var isBlocking: Bool {
        guard case .blocking = self else { return false }
        return true
    }
}
