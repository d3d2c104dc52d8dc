@testable import JobQueue
import RedisClient

/// The progress script without a worker around it.
struct ProgressScript {
    let harness: QueueHarness

    init(_ harness: QueueHarness) throws {
        self.harness = harness
    }

    /// Sends reports of claims; returns how many were written.
    func write(_ claims: [(id: String, epoch: Int)]) async throws -> Int? {
        var arguments: [RedisArgument] = ["work"]
        for claim in claims {
            arguments += [RedisArgument(claim.id), RedisArgument(claim.epoch), RedisArgument(0.5), "message"]
        }
        return try await harness.client.eval(
            ProgressBoard.script, keys: [harness.queue.keys.anchor], arguments: arguments
        ).int
    }
}
