internal import RedisClient

extension QueueInspector {
    /// What happened to all jobs that carry a tag, over all queues, the oldest first.
    ///
    /// About 500 events are kept of a tag, for 30 days after the last.
    ///
    /// - Parameter limit: the latest so many events, up to 1,000.
    public func timeline(tag: String, limit: Int = 500) async throws -> [TimelineEvent] {
        let count = min(max(limit, 1), JobQueue.maximumBatch)
        let reply = try await read([
            RedisCommand("XREVRANGE", RedisArgument(queue.keys.timeline(tag)), "+", "-", "COUNT", RedisArgument(count))
        ])[0]
        return (reply.array ?? []).reversed().compactMap { TimelineEvent(reply: $0) }
    }
}

extension TimelineEvent {
    /// Reads an entry of a tag's stream, as `Lua/bonds.lua` writes it.
    fileprivate init?(reply: RESPValue) {
        guard let entry = reply.array, entry.count == 2, let time = entry[0].string?.split(separator: "-").first,
            let at = Int64(time)
        else { return nil }
        let fields = entry[1].fields
        guard let event = fields["e"], let id = fields["i"] else { return nil }
        self.init(
            at: at, event: event, queue: fields["q"] ?? "", id: JobID(id), name: fields["t"] ?? "",
            detail: fields["d"] ?? "")
    }
}
