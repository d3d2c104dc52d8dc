import JobQueue
import RedisClient
import TestSupport
import Testing

/// No call of the inspector costs the length of a queue: every command that it makes Redis run is looked at.
struct InspectorBoundTests {
    private static let jobs = 50_000

    /// Fifty thousand jobs in every state that can hold so many.
    private func fill(_ harness: QueueHarness) async throws {
        let text = """
            for i = 1, ARGV[1] do
              local function add(kind, part, command, score)
                local id = kind .. i
                redis.call('HSET', KEYS[1] .. (kind == 'd' and 'morgue' or 'jobs'), id,
                  '1 1700000000000 0 work 1 3 2 0 0 -\\n{}')
                if score then redis.call(command, KEYS[1] .. part, score, id) else redis.call(command, KEYS[1] .. part, id) end
              end
              add('w', 'p1', 'LPUSH')
              add('u', 'due', 'ZADD', 4000000000000 + i % 7)
              add('d', 'dead', 'ZADD', 1700000000000)
              redis.call('ZADD', KEYS[1] .. 'done', 4000000000000, 'c' .. i)
              redis.call('HSET', KEYS[1] .. 'jobs', 'p' .. i, '1 1700000000000 0 work 1 3 2 0 0 -\\n{}')
              redis.call('ZADD', KEYS[1] .. 'parked', 0, 'work@1:p' .. i)
            end
            """
        try await harness.write(
            RedisCommand("EVAL", RedisArgument(text), 1, harness.key("q:work:"), RedisArgument(Self.jobs)))
        try await harness.write(RedisCommand("SADD", harness.key("queues"), "work"))
        for number in 0..<50 { try await harness.put("r\(number)", in: .running) }
    }

    /// What a command may give back or go through, at most; `nil` for a command that must not be used.
    private func cost(_ words: [String]) -> Int? {
        func number(_ index: Int) -> Int? { words.indices.contains(index) ? Int(words[index]) : nil }
        func after(_ word: String) -> Int? {
            words.firstIndex { $0.uppercased() == word }.flatMap { number($0 + 1) }
        }
        let key = words.count > 1 ? words[1] : ""
        switch words[0] {
        case "TIME", "HGET", "HSET", "HDEL", "HEXISTS", "HINCRBY", "ZSCORE", "ZRANK", "ZCARD", "LLEN", "ZCOUNT", "ZREM",
            "ZADD", "SADD", "SREM", "LPUSH", "PUBLISH", "HMGET", "EXPIRE", "UNLINK", "SCRIPT":
            return words.count
        case "SMEMBERS": return key == "{t}:queues" ? 1 : nil
        case "HGETALL": return key.contains(":stat:") || key.hasPrefix("{t}:w:") ? 20 : nil
        case "HKEYS": return key.hasSuffix(":meta") ? 20 : nil
        case "RPOP", "ZPOPMIN": return number(2)
        case "ZSCAN": return key.hasSuffix(":lease") ? after("COUNT") : nil
        case "ZRANGE":
            if key == "{t}:workers" { return 1 }
            if words.contains(where: { $0.hasPrefix("BY") }) {
                return words.contains("LIMIT") ? number(words.count - 1) : nil
            }
            fallthrough
        case "LRANGE":
            guard let first = number(2), let last = number(3), (first < 0) == (last < 0) else { return nil }
            return last - first + 1
        default: return nil
        }
    }

    @Test("no call runs a command that grows with the queue, or gives back more than its page")
    func bounded() async throws {
        try await QueueHarness.run { harness in
            try await fill(harness)
            let inspector = harness.inspector
            let monitor = try CommandMonitor(harness.server)
            /// Runs a call, and holds it to commands that give back `most` each and are `calls` in number.
            func check(_ what: String, most: Int, calls: Int, _ call: () async throws -> Void) async throws {
                _ = try await monitor.commands(harness.client)
                try await call()
                let commands = try await monitor.commands(harness.client)
                #expect(!commands.isEmpty, "\(what)")
                #expect(commands.count <= calls, "\(what) ran \(commands.count) commands")
                for words in commands {
                    let cost = cost(words)
                    #expect(cost != nil, "\(what) ran \(words.prefix(5))")
                    #expect(cost ?? 0 <= most, "\(what) ran \(words.prefix(5))")
                }
            }
            try await check("queues", most: 20, calls: 60) { _ = try await inspector.queues() }
            try await check("queue", most: 20, calls: 60) { _ = try await inspector.queue(named: "work") }
            try await check("history", most: 20, calls: 110) {
                _ = try await inspector.history(queue: "work", by: .hour, count: 100)
            }
            try await check("workers", most: 20, calls: 10) { _ = try await inspector.workers() }
            for state in JobState.allCases {
                let large = [.waiting, .scheduled, .dead, .parked, .completed].contains(state)
                var cursor: String?
                for number in 0..<3 {
                    // The window in which a list's cursor is looked for has 1,200 entries.
                    try await check("page \(number) of \(state)", most: 1_200, calls: 200) {
                        let page = try await inspector.jobs(queue: "work", state: state, cursor: cursor)
                        cursor = page.nextCursor
                        #expect(page.scanned <= 50)
                        #expect(page.jobs.count == 50 || !large)
                    }
                }
                try await check("filter of \(state)", most: 60, calls: 400) {
                    let page = try await inspector.jobs(
                        queue: "work", state: state, matching: JobFilter(name: "none"), limit: 10, scan: 1_000)
                    #expect(page.scanned == (state == .suspect ? 0 : state == .running ? 50 : 1_000))
                }
            }
            for id in ["w30000", "u30000", "p30000", "d30000", "c30000", "r30", "none"] {
                try await check("job \(id)", most: 1_000, calls: 20) { _ = try await inspector.job(id: JobID(id)) }
                for operation in [
                    JobOperation.edit(payload: "{}"), .runNow, .retry, .cancel(), .move(to: "other"), .kill(), .delete,
                ] {
                    try await check("\(operation) of \(id)", most: 1_000, calls: 60) {
                        try await inspector.perform(operation, on: JobID(id), queue: "work")
                    }
                }
            }
            try await check("apply", most: 1_000, calls: 1_500) {
                let ids = (1...100).map { JobID("u\($0)") }
                let results = try await inspector.perform(.runNow, on: ids, queue: "work")
                #expect(results.allSatisfy { $0 == .done })
            }
            try await check("limits", most: 20, calls: 20) {
                try await inspector.setLimits(queue: "work", QueueLimits(concurrency: 1))
            }
            try await check("empty", most: 1_600, calls: 1_500) {
                try await inspector.empty(queue: "work", state: .dead)
            }
            #expect(try await inspector.queue(named: "work").dead == 0)
        }
    }
}
