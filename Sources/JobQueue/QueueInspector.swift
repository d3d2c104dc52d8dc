internal import RedisClient

/// The operators' side: queues, jobs and workers, and what can be done to them.
///
/// Nothing here does work that grows with the length of a queue: a page costs the page.
public struct QueueInspector: Sendable {
    private static let inspectScript = Linker.script("inspect", PackageResources.inspect_lua, flags: "no-writes")
    private static let historyScript = Linker.script("history", PackageResources.history_lua, flags: "no-writes")
    /// The most queues that one script describes, so that Redis is not held up by an installation of thousands.
    private static let queuesInScript = 200

    let queue: JobQueue

    /// Creates an inspector of the queues of a namespace.
    public init(queue: JobQueue) {
        self.queue = queue
    }

    /// All queues that ever had a job, were paused or got a limit, by name.
    ///
    /// One request, and one look at one moment, for up to 200 queues; one more for each further 200.
    ///
    /// - Parameters:
    ///   - minutes: how many minutes of counters each has, 0 to 120.
    ///   - names: further queues, for example those of the configuration, which are empty if nothing is known of them.
    public func queues(minutes: Int = 5, including names: [String] = []) async throws -> [QueueStatus] {
        let (known, rest) = try await inspect([], minutes: minutes)
        var statuses = known
        var missing = Set(names).subtracting(known.map(\.name)).union(rest)[...]
        while !missing.isEmpty {
            let some = missing.prefix(Self.queuesInScript)
            missing = missing.dropFirst(some.count)
            statuses += try await inspect(Array(some), minutes: minutes).statuses
        }
        return statuses.sorted { $0.name < $1.name }
    }

    /// One queue; of an unknown name it is empty.
    public func queue(named name: String, minutes: Int = 5) async throws -> QueueStatus {
        guard let status = try await inspect([name], minutes: minutes).statuses.first else {
            throw JobQueueError(.unexpectedReply, "inspect described no queue")
        }
        return status
    }

    /// What happened on a queue, in evenly spaced points, the oldest first; the last one is still running.
    ///
    /// - Parameter count: how many points, up to ``QueueHistory/Step/maximumCount``.
    public func history(
        queue name: String, by step: QueueHistory.Step, count: Int = 60
    ) async throws -> QueueHistory {
        let count = min(max(count, 1), step.maximumCount)
        let arguments = [RedisArgument(name), RedisArgument(step.minutes), RedisArgument(count)]
        let reply = try await evaluate(Self.historyScript, arguments, retry: .safe)
        guard let history = QueueHistory(queue: name, step: step, reply: reply) else {
            throw JobQueueError(.unexpectedReply, "history answered \(reply)")
        }
        return history
    }

    /// The jobs that could be claimed now.
    public func depth(queue name: String) async throws -> Int {
        let lists = JobPriority.allCases.map { queue.keys.level(name, $0) } + [queue.keys.suspect(name)]
        return try await read(lists.map { RedisCommand("LLEN", RedisArgument($0)) }).reduce(0) { $0 + ($1.int ?? 0) }
    }

    func names() async throws -> [String] {
        let reply = try await read([RedisCommand("SMEMBERS", RedisArgument(queue.keys.queues))])[0]
        return (reply.array ?? []).compactMap(\.string).sorted()
    }

    private func inspect(_ names: [String], minutes: Int) async throws -> (statuses: [QueueStatus], rest: [String]) {
        let arguments =
            [RedisArgument(min(max(minutes, 0), 120)), RedisArgument(Self.queuesInScript)]
            + names.map { RedisArgument($0) }
        let reply = try await evaluate(Self.inspectScript, arguments, retry: .safe)
        guard let values = reply.array, values.count >= 2, let now = values[0].int, let rest = values[1].array else {
            throw JobQueueError(.unexpectedReply, "inspect answered \(reply)")
        }
        let statuses = try values.dropFirst(2).map { value in
            guard let status = QueueStatus(reply: value, at: Int64(now)) else {
                throw JobQueueError(.unexpectedReply, "inspect described a queue as \(value)")
            }
            return status
        }
        return (statuses, rest.compactMap(\.string))
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

    func evaluate(
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
