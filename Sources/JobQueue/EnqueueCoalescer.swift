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

    static let script = Linker.script("enqueue", PackageResources.enqueue_lua, flags: nil)
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
            return try await Self.send([job], redis: redis, anchor: anchor, replication: replication)[0]
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
                let results = try await Self.send(
                    batch.map(\.job), redis: redis, anchor: anchor, replication: replication)
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

    /// Sends up to 1,000 jobs as one atomic script, repeated after a cut: the ids make that safe.
    static func send(
        _ jobs: some Collection<PreparedJob>, redis: RedisClient, anchor: String, replication: ReplicationRequirement?
    ) async throws(JobQueueError) -> [EnqueueResult] {
        var arguments: [RedisArgument] = []
        arguments.reserveCapacity(jobs.count * PreparedJob.argumentCount)
        for job in jobs {
            job.append(to: &arguments)
        }
        let reply: RESPValue
        do {
            reply = try await redis.eval(
                script, keys: [anchor], arguments: arguments, retry: .safe, replication: replication)
        } catch {
            throw JobQueueError(error)
        }
        return try results(reply, count: jobs.count)
    }

    /// Reads what a script answered for each job.
    static func results(_ reply: RESPValue, count: Int) throws(JobQueueError) -> [EnqueueResult] {
        guard let answers = reply.array, answers.count == count else {
            throw JobQueueError(.unexpectedReply, "The enqueue script answered \(reply).")
        }
        return answers.map { answer in
            switch answer {
            case .integer(1): .enqueued
            case .bytes(let holder): .unique(holder: JobID(String(decoding: holder, as: UTF8.self)))
            default: .duplicate
            }
        }
    }
}
