internal import RedisClient
internal import Synchronization

/// Gathers the jobs of callers at the same time into scripts' calls, of which two are under way at most.
///
/// A caller who finds none under way, or a single other's, sends for itself, without a hop; who comes later is gathered.
/// What has gathered goes out when nothing is under way, or as soon as it is as much as what is: so two calls of about the
/// same size overlap, and Redis works on one while the callers of the other go on. Tasks of their own send what was
/// gathered, and no caller's, because a caller that is cancelled must not take its neighbours with it; they end when
/// nothing is left.
final class EnqueueCoalescer: Sendable {
    private struct Waiter {
        let job: PreparedJob
        let continuation: UnsafeContinuation<Result<EnqueueResult, JobQueueError>, Never>
    }

    private struct State {
        /// The calls under way, and the jobs in them.
        var calls = 0
        var jobs = 0
        var waiting: [Waiter] = []

        func mayStart(_ count: Int) -> Bool {
            calls == 0 || calls < EnqueueCoalescer.mostCalls && count >= jobs
        }

        mutating func started(_ count: Int) {
            calls += 1
            jobs += count
        }

        /// What goes out now, under way from now on; empty if nothing does.
        mutating func takeBatch() -> [Waiter] {
            guard !waiting.isEmpty, mayStart(waiting.count) else { return [] }
            let count = JobQueue.part(of: waiting, from: 0) { $0.job.byteCount }
            started(count)
            guard count < waiting.count else {
                defer { waiting = [] }
                return waiting
            }
            defer { waiting.removeFirst(count) }
            return Array(waiting.prefix(count))
        }
    }

    private static let mostCalls = 2

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
            guard state.waiting.isEmpty, state.mayStart(1) else { return false }
            state.started(1)
            return true
        }
        if goesAlone {
            defer {
                let batch = ended(1)
                if !batch.isEmpty { start(batch) }
            }
            return try await EnqueueCall(CollectionOfOne(job)).send(
                to: redis, anchor: anchor, replication: replication)[0]
        }
        return try await withUnsafeContinuation { continuation in
            let batch = state.withLock { state in
                state.waiting.append(Waiter(job: job, continuation: continuation))
                return state.takeBatch()
            }
            if !batch.isEmpty { start(batch) }
        }.get()
    }

    /// Notes that a call is back, and returns what goes out next.
    private func ended(_ count: Int) -> [Waiter] {
        state.withLock { state in
            state.calls -= 1
            state.jobs -= count
            return state.takeBatch()
        }
    }

    private func start(_ batch: [Waiter]) {
        Task {
            var batch = batch
            while !batch.isEmpty {
                await send(batch)
                batch = ended(batch.count)
            }
        }
    }

    private func send(_ batch: [Waiter]) async {
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
