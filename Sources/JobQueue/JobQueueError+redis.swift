internal import RedisClient

extension JobQueueError {
    /// Says what a client's error means for the queue.
    init(_ error: RedisError) {
        switch error.code {
        case .notSent, .closed, .poolExhausted:
            self.init(.unavailable, "Redis could not be reached; nothing was changed.", underlying: error)
        case .outcomeUnknown, .timedOut, .cancelled, .protocolViolation:
            self.init(.outcomeUnknown, "The answer was lost; repeat with the same ids.", underlying: error)
        case .notReplicated:
            self.init(
                .notReplicated,
                "It is done on the primary, but too few replicas have it: a failover may lose it. Repeat with the same ids.",
                underlying: error)
        case .server where error.serverError?.prefix == "NOREPLICAS":
            self.init(
                .unavailable, "The primary has too few replicas (min-replicas-to-write); nothing was changed.",
                underlying: error)
        case .server where error.serverError?.prefix == "OOM":
            self.init(.memoryFull, "Redis's memory is full; nothing was changed.", underlying: error)
        default:
            self.init(.redis, "Redis refused the request.", underlying: error)
        }
    }
}

/// Runs a body that throws the client's errors, and throws the queue's.
func translated<T>(_ body: () throws(RedisError) -> T) throws -> T {
    do {
        return try body()
    } catch {
        throw JobQueueError(error)
    }
}
