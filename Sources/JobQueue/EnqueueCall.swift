internal import RedisClient

/// One call of a script that enqueues up to 1,000 jobs, with its arguments laid out.
struct EnqueueCall: Sendable {
    static let script = Linker.script("enqueue", PackageResources.enqueue_lua, flags: nil)
    /// For jobs of one queue and level that are to be claimed at once and have no extras: most.
    static let plainScript = Linker.plainScript("enqueue_plain", PackageResources.enqueue_plain_lua, flags: nil)

    let script: RedisScript
    let arguments: [RedisArgument]
    private let count: Int

    /// Lays out at least one job.
    init(_ jobs: some Collection<PreparedJob>) {
        count = jobs.count
        var arguments: [RedisArgument] = []
        if let first = jobs.first, jobs.allSatisfy({ $0.isPlain(like: first) }) {
            script = Self.plainScript
            arguments.reserveCapacity(3 + 2 * count)
            arguments.append(RedisArgument(first.queue))
            arguments.append(RedisArgument(first.header.mark))
            arguments.append(RedisArgument(count))
            for job in jobs { arguments.append(RedisArgument(job.id.rawValue)) }
            for job in jobs { arguments.append(RedisArgument(job.body)) }
        } else {
            script = Self.script
            arguments.reserveCapacity(PreparedJob.argumentCount * count)
            for job in jobs { job.append(to: &arguments) }
        }
        self.arguments = arguments
    }

    /// Sends it, and again after a cut: the ids make that safe.
    func send(
        to redis: RedisClient, anchor: String, replication: ReplicationRequirement?
    ) async throws(JobQueueError) -> [EnqueueResult] {
        let reply: RESPValue
        do {
            reply = try await redis.eval(
                script, keys: [anchor], arguments: arguments, retry: .safe, replication: replication)
        } catch {
            throw JobQueueError(error)
        }
        return try Self.results(reply, count: count)
    }

    /// Reads what a script answered for each job.
    static func results(_ reply: RESPValue, count: Int) throws(JobQueueError) -> [EnqueueResult] {
        if case .integer(1) = reply { return Array(repeating: .enqueued, count: count) }
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

extension PreparedJob {
    /// Whether the short script takes it in one call with another.
    fileprivate func isPlain(like other: PreparedJob) -> Bool {
        !header.hasExtras && header.priority == other.header.priority && (delay ?? .zero) <= .zero
            && queue == other.queue
    }
}
