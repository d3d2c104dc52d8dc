internal import RedisClient

extension QueueInspector {
    private static let workerScript = Linker.script(
        "admin_worker", PackageResources.admin_worker_lua, flags: "allow-oom")

    /// What a worker can be told.
    public enum WorkerCommand: String, Codable, Sendable, CaseIterable {
        /// Claims nothing more, and waits.
        case quiet
        /// Ends `quiet`.
        case resume
        /// Drains, and ends.
        case stop
    }

    /// The workers that were heard of lately.
    public func workers() async throws -> [WorkerRecord] {
        let keys = queue.keys
        let replies = try await read([
            RedisCommand("ZRANGE", RedisArgument(keys.workers), 0, -1, "WITHSCORES"), RedisCommand("TIME"),
        ])
        let beats = replies[0].scoredMembers
        let seconds = replies[1].array?.first?.int ?? 0
        let records = try await read(beats.map { RedisCommand("HGETALL", RedisArgument(keys.worker($0.member))) })
        return zip(beats, records).compactMap { beat, record in
            WorkerRecord(id: beat.member, beatAt: beat.score, now: Int64(seconds) * 1000, fields: record.fields)
        }
    }

    /// Tells a worker what to do; it hears it at once if it listens, else with its next beat.
    ///
    /// - Returns: `false` if no such worker was heard of lately.
    @discardableResult
    public func tell(worker id: String, _ command: WorkerCommand) async throws -> Bool {
        let arguments = [RedisArgument(id), RedisArgument(command.rawValue)]
        return try await evaluate(Self.workerScript, arguments, retry: .safe).int == 1
    }
}
