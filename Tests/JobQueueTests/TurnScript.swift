import RedisClient
import Testing

@testable import JobQueue

private let script = Linker.turnScript(effects: [])

/// A turn that settles nothing.
func turn(_ number: Int64, claim: Int, isIdle: Bool = false) -> Turn {
    Turn(number: number, endings: [], claim: claim, isIdle: isIdle, ranMicroseconds: 0)
}

/// A turn that ends what another one claimed.
func turn(_ number: Int64, ends claims: [TurnReply.Claimed], _ outcome: Outcome, claim: Int = 0) -> Turn {
    let endings = claims.map { claimed in
        Ending(
            id: claimed.id, epoch: claimed.epoch, outcome: outcome, header: Envelope(claimed.envelope)?.header,
            failures: claimed.failures, backoff: Backoff(), flags: EndingFlags(envelope: claimed.envelope))
    }
    return Turn(number: number, endings: endings, claim: claim, isIdle: false, ranMicroseconds: 0)
}

extension QueueHarness {
    /// Calls the script of a turn as a worker would.
    func send(_ turn: Turn, worker: String = "w1", lease: Duration = .seconds(30)) async throws -> TurnReply {
        let arguments = turn.arguments(queue: "work", worker: worker, lease: lease, limits: .init())
        return try TurnReply(
            await client.eval(script, keys: [queue.keys.anchor], arguments: arguments, retry: .never))
    }

    /// Takes the hint that wakes a blocked worker; whether there was one.
    func takeHint() async throws -> Bool {
        try await client.send(RedisCommand("DEL", key("q:work:wake"))).int == 1
    }

    func meta(_ field: String) async throws -> String? {
        try await client.send(RedisCommand("HGET", key("q:work:meta"), RedisArgument(field))).string
    }
}
