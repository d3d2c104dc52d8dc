import JobQueue
import RedisClient
import Testing

extension QueueHarness {
    /// Sends a command whose reply says nothing that a test needs.
    func write(_ command: RedisCommand) async throws {
        _ = try await client.send(command)
    }

    /// Puts a job into a state, by the layout that `Lua/prelude.lua` states.
    func put(_ id: String, in state: JobState, of queue: String = "work", text: String = "") async throws {
        let envelope =
            "1 \(1_700_000_000_000 + Int.random(in: 0..<1_000_000)) 0 work 1 3 2 0 0 -\n{\"text\":\"\(text)\"}"
        let member = RedisArgument(id)
        func send(_ command: String, _ part: String, _ arguments: RedisArgument...) async throws {
            try await write(RedisCommand(command, [key("q:\(queue):\(part)")] + arguments))
        }
        try await write(RedisCommand("SADD", key("queues"), RedisArgument(queue)))
        let hour = 3_600_000 + (try await client.send(RedisCommand("TIME")).array?[0].int ?? 0) * 1000
        if state != .dead, state != .completed { try await send("HSET", "jobs", member, RedisArgument(envelope)) }
        switch state {
        case .waiting: try await send("LPUSH", "p1", member)
        case .suspect:
            try await send("HSET", "hist", member, #"{"f":0,"l":1,"e":[{"t":1,"k":"l","m":"lapsed"}]}"#)
            try await send("LPUSH", "suspect", member)
        case .running: try await send("ZADD", "lease", RedisArgument(hour), RedisArgument(id + ":7"))
        case .scheduled: try await send("ZADD", "due", RedisArgument(hour), member)
        case .parked: try await send("ZADD", "parked", 0, RedisArgument("work@1:" + id))
        case .dead:
            try await send("HSET", "hist", member, #"{"f":3,"l":0,"e":[{"t":1,"k":"f","m":"failed"}]}"#)
            try await send("HSET", "morgue", member, RedisArgument(envelope))
            try await send("ZADD", "dead", RedisArgument(hour - 3_600_000), member)
        case .completed: try await send("ZADD", "done", RedisArgument(hour), member)
        }
    }

    /// Every place that an id lies in; what is marked as deleted lies in none.
    func places(_ id: String, on queue: String) async throws -> [JobState] {
        func send(_ command: String, _ part: String, _ arguments: RedisArgument...) async throws -> RESPValue {
            try await client.send(RedisCommand(command, [key("q:\(queue):\(part)")] + arguments))
        }
        let envelope = try await send("HGET", "jobs", RedisArgument(id)).string
        let lives = envelope?.isEmpty == false
        var places: [JobState] = []
        for part in ["p0", "p1", "p2", "suspect"] {
            let ids = try await send("LRANGE", part, 0, -1).array?.compactMap(\.string) ?? []
            // A marked id lies once at most, or its next life would be claimed twice.
            if envelope != nil { #expect(ids.count { $0 == id } <= 1) }
            if lives { places += ids.filter { $0 == id }.map { _ in part == "suspect" ? .suspect : .waiting } }
        }
        let leases = try await send("ZRANGE", "lease", 0, -1).array?.compactMap(\.string) ?? []
        places += leases.filter { $0.hasPrefix(id + ":") }.map { _ in .running }
        let sets: [(String, String, JobState)] = [
            ("due", id, .scheduled), ("parked", "work@1:" + id, .parked), ("dead", id, .dead), ("done", id, .completed),
        ]
        for (part, member, state) in sets where try await !send("ZSCORE", part, RedisArgument(member)).isNull {
            places.append(state)
        }
        return places
    }
}
