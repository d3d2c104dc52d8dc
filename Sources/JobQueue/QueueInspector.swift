internal import RedisClient

/// The operators' side: queues, jobs and workers, and what can be done to them.
///
/// Nothing here does work that grows with the length of a queue: a page costs the page.
public struct QueueInspector: Sendable {
    private static let inspectScript = Linker.script("inspect", PackageResources.inspect_lua, flags: "no-writes")
    private static let adminScript = Linker.script(
        "admin", PackageResources.fate_lua, PackageResources.admin_lua, flags: "allow-oom")

    let queue: JobQueue

    /// Creates an inspector of the queues of a namespace.
    public init(queue: JobQueue) {
        self.queue = queue
    }

    /// All queues that ever had a job, by name.
    public func queues(minutes: Int = 5) async throws -> [QueueStatus] {
        var statuses: [QueueStatus] = []
        for name in try await names() {
            statuses.append(try await self.queue(named: name, minutes: minutes))
        }
        return statuses
    }

    /// One queue; of an unknown name it is empty.
    public func queue(named name: String, minutes: Int = 5) async throws -> QueueStatus {
        let arguments = [RedisArgument(name), RedisArgument(min(max(minutes, 0), 120))]
        let reply = try await evaluate(Self.inspectScript, arguments, retry: .safe)
        guard let status = QueueStatus(name: name, reply: reply) else {
            throw JobQueueError(.unexpectedReply, "inspect answered \(reply)")
        }
        return status
    }

    /// The jobs that could be claimed now.
    public func depth(queue name: String) async throws -> Int {
        let lists = JobPriority.allCases.map { queue.keys.level(name, $0) } + [queue.keys.suspect(name)]
        return try await read(lists.map { RedisCommand("LLEN", RedisArgument($0)) }).reduce(0) { $0 + ($1.int ?? 0) }
    }

    /// Puts a dead or scheduled job back on its queue now, with fresh budgets; `false` if it is neither.
    @discardableResult
    public func retry(id: JobID, queue name: String) async throws -> Bool {
        try await change("retry", name, id.rawValue)
    }

    /// Deletes a job in any state but completed; a running attempt goes on, and its end counts for nothing further.
    ///
    /// - Returns: `false` if there is no such job.
    @discardableResult
    public func delete(id: JobID, queue name: String) async throws -> Bool {
        try await change("delete", name, id.rawValue)
    }

    /// Stops claims of a queue; what runs goes on.
    public func pause(queue name: String) async throws {
        _ = try await change("pause", name, "")
    }

    /// Lets a queue be claimed again.
    public func resume(queue name: String) async throws {
        _ = try await change("resume", name, "")
    }

    /// The workers that were heard of lately.
    public func workers() async throws -> [WorkerRecord] {
        let keys = queue.keys
        let beats = try await read([RedisCommand("ZRANGE", RedisArgument(keys.workers), 0, -1, "WITHSCORES")])[0]
            .scoredMembers
        let records = try await read(beats.map { RedisCommand("HGETALL", RedisArgument(keys.worker($0.member))) })
        return zip(beats, records).compactMap { beat, record in
            WorkerRecord(id: beat.member, beatAt: beat.score, fields: record.fields)
        }
    }

    func names() async throws -> [String] {
        let reply = try await read([RedisCommand("SMEMBERS", RedisArgument(queue.keys.queues))])[0]
        return (reply.array ?? []).compactMap(\.string).sorted()
    }

    /// Sends reads in one write and returns their replies.
    func read(_ commands: [RedisCommand]) async throws -> [RESPValue] {
        guard !commands.isEmpty else { return [] }
        let replies = await queue.redis.send(commands.map { $0.retrying(.safe) })
        return try translated { () throws(RedisError) in
            var values: [RESPValue] = []
            for reply in replies {
                values.append(try reply.get())
            }
            return values
        }
    }

    private func change(_ operation: String, _ name: String, _ id: String) async throws -> Bool {
        let arguments = [RedisArgument(operation), RedisArgument(name), RedisArgument(id)]
        return try await evaluate(Self.adminScript, arguments, retry: .never).int == 1
    }

    private func evaluate(
        _ script: RedisScript, _ arguments: [RedisArgument], retry: RedisClient.Retry
    ) async throws -> RESPValue {
        do {
            return try await queue.redis.eval(
                script, keys: [queue.keys.anchor], arguments: arguments, retry: retry)
        } catch {
            throw JobQueueError(error)
        }
    }
}
