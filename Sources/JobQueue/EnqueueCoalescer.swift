internal import RedisClient
internal import Synchronization

/// Gathers the jobs of callers at the same time into one script's call.
///
/// The first two callers send for themselves, without a hop; who comes while both are under way is gathered, and a
/// task of its own sends what has gathered as one batch. It is no caller's task, because a caller that is cancelled
/// must not take its neighbours with it; it ends when nothing is left.
final class EnqueueCoalescer: Sendable {
    private struct Waiter {
        let job: PreparedJob
        let continuation: CheckedContinuation<Result<EnqueueResult, JobQueueError>, Never>
    }

    private struct State {
        var direct = 0
        var flushing = false
        var waiting: [Waiter] = []
    }

    private static let directLimit = 2

    private let redis: RedisClient
    private let anchor: String
    private let replication: ReplicationRequirement?
    private let state = Mutex(State())

    init(redis: RedisClient, anchor: String, replication: ReplicationRequirement?) {
        self.redis = redis
        self.anchor = anchor
        self.replication = replication
    }

    func enqueue(_ job: PreparedJob) async throws -> EnqueueResult {
        let goesAlone = state.withLock { state in
            guard state.direct < Self.directLimit, !state.flushing else { return false }
            state.direct += 1
            return true
        }
        if goesAlone {
            defer { directEnded() }
            return try await EnqueueCall(CollectionOfOne(job)).send(
                to: redis, anchor: anchor, replication: replication)[0]
        }
        return try await withCheckedContinuation { continuation in
            let starts = state.withLock { state in
                state.waiting.append(Waiter(job: job, continuation: continuation))
                return Self.startsFlush(&state)
            }
            if starts { startFlush() }
        }.get()
    }

    private func directEnded() {
        let starts = state.withLock { state in
            state.direct -= 1
            return Self.startsFlush(&state)
        }
        if starts { startFlush() }
    }

    /// Flushes as soon as one of the direct sends is back, or none is left to wait for.
    private static func startsFlush(_ state: inout State) -> Bool {
        guard !state.flushing, !state.waiting.isEmpty, state.direct < directLimit else { return false }
        state.flushing = true
        return true
    }

    private func startFlush() {
        Task { await flush() }
    }

    private func flush() async {
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.waiting.prefix(JobQueue.part(of: state.waiting, from: 0) { $0.job.byteCount }))
                state.waiting.removeFirst(batch.count)
                if batch.isEmpty { state.flushing = false }
                return batch
            }
            guard !batch.isEmpty else { return }
            do {
                let results = try await EnqueueCall(batch.map(\.job)).send(
                    to: redis, anchor: anchor, replication: replication)
                for (waiter, result) in zip(batch, results) {
                    waiter.continuation.resume(returning: .success(result))
                }
            } catch {
                for waiter in batch {
                    waiter.continuation.resume(returning: .failure(error))
                }
            }
        }
    }
}
