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
        case "UNBLOCKED": isFromReplica
        default: false
        }
    }

    /// Only a replica says this; what blocks on a primary that is made a replica is told so.
    var isFromReplica: Bool {
        switch prefix {
        case "READONLY", "MASTERDOWN": true
        case "UNBLOCKED": message.contains("instance state changed")
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
