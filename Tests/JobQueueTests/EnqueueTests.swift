import JobQueue
import RedisClient
import TestSupport
import Testing

@Suite("Enqueue")
struct EnqueueTests {
    @Test("an id that lives is not enqueued twice, nor one that ended within its window")
    func deduplication() async throws {
        try await QueueHarness.run { harness in
            let queue = harness.queue
            #expect(try await queue.enqueue(Work(text: "a"), id: JobID("one")) == .enqueued)
            #expect(try await queue.enqueue(Work(text: "b"), id: JobID("one")) == .duplicate)
            let batch = try ["two", "two", "one", "three"].map { try Work().prepared(id: JobID($0)) }
            #expect(try await queue.enqueue(batch) == [.enqueued, .duplicate, .duplicate, .enqueued])
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { job, context -> Void in notes.note("\(context.id):\(job.text)") }
            try await harness.withWorker(handlers) { _ in
                try await eventually("all completed") {
                    try await harness.inspector.queue(named: "work").completed == 3
                }
                #expect(try await queue.enqueue(Work(), id: JobID("one")) == .duplicate)
            }
            #expect(notes.all.sorted() == ["one:a", "three:", "two:"])
        }
    }

    @Test("each of many callers at the same time gets its own job's answer")
    func together() async throws {
        try await QueueHarness.run { harness in
            let queue = harness.queue
            let answers = try await withThrowingTaskGroup(of: (Int, EnqueueResult).self) { group in
                for caller in 0..<600 {
                    // Three callers to an id; every fifth id has a tag, which is the long script's.
                    let id = caller % 200
                    group.addTask {
                        let tag = id.isMultiple(of: 5) ? "t" : nil
                        return (id, try await queue.enqueue(Work(), id: JobID("job\(id)"), tag: tag))
                    }
                }
                return try await group.reduce(into: [Int: [EnqueueResult]]()) { $0[$1.0, default: []].append($1.1) }
            }
            #expect(answers.count == 200)
            for (id, results) in answers {
                #expect(results.count { $0 == .enqueued } == 1, "id \(id): \(results)")
                #expect(results.count { $0 == .duplicate } == 2, "id \(id): \(results)")
            }
            #expect(try await harness.inspector.depth(queue: "work") == 200)
        }
    }

    @Test("the short script and the long one answer the same, whatever is known of the ids")
    func scripts() async throws {
        try await QueueHarness.run { harness in
            for queue in ["plain", "mixed"] {
                for (id, state) in [
                    ("live", JobState.waiting), ("leased", .running), ("gone", .dead), ("done", .completed),
                ] {
                    try await harness.put(id, in: state, of: queue)
                }
                // Ended so long ago that it is forgotten, and not swept yet.
                try await harness.write(RedisCommand("ZADD", harness.key("q:\(queue):done"), 5, "old"))
            }
            struct Plain: Job {
                static let name = "work"
                static let queue = "plain"
            }
            struct Mixed: Job {
                static let name = "work"
                static let queue = "mixed"
            }
            let ids = ["live", "a", "leased", "gone", "b", "a", "done", "old", "c"].map { JobID($0) }
            let expected: [EnqueueResult] = [
                .duplicate, .enqueued, .duplicate, .duplicate, .enqueued, .duplicate, .duplicate, .enqueued, .enqueued,
            ]
            #expect(try await harness.queue.enqueue(try ids.map { try Plain().prepared(id: $0) }) == expected)
            // A tag makes it the long one's.
            #expect(try await harness.queue.enqueue(try ids.map { try Mixed().prepared(id: $0, tag: "t") }) == expected)
            #expect(try await harness.list("q:plain:p1") == ["c", "old", "b", "a", "live"])
            #expect(try await harness.list("q:mixed:p1") == ["c", "old", "b", "a", "live"])
            for queue in ["plain", "mixed"] {
                let minutes = try await harness.inspector.queue(named: queue, minutes: 2).minutes
                #expect(minutes.reduce(0) { $0 + $1.enqueued } == 4)
                #expect(try await harness.client.send(RedisCommand("ZCARD", harness.key("q:\(queue):wake"))).int == 1)
            }
            // All known: nothing is written, and no one is woken.
            try await harness.write(RedisCommand("DEL", harness.key("q:plain:wake")))
            let again = try await harness.queue.enqueue(try ids.map { try Plain().prepared(id: $0) })
            #expect(again.allSatisfy { $0 == .duplicate })
            #expect(try await harness.client.send(RedisCommand("EXISTS", harness.key("q:plain:wake"))).int == 0)
        }
    }

    @Test("two thousand callers at once each get their own answer, in far fewer calls")
    func concurrentCallers() async throws {
        try await QueueHarness.run { harness in
            let results = try await withThrowingTaskGroup(of: (Int, EnqueueResult).self) { group in
                for number in 0..<2_000 {
                    group.addTask {
                        // Every tenth id comes twice.
                        let id = number % 10 == 9 ? number - 1 : number
                        return (number, try await harness.queue.enqueue(Work(), id: JobID("job\(id)")))
                    }
                }
                return try await group.reduce(into: [Int: EnqueueResult]()) { $0[$1.0] = $1.1 }
            }
            #expect(results.values.count { $0 == .enqueued } == 1_800)
            #expect(try await harness.inspector.depth(queue: "work") == 1_800)
            let statistics = try await harness.client.send(RedisCommand("INFO", "commandstats")).string ?? ""
            let line = try #require(statistics.split(separator: "\r\n").first { $0.contains("cmdstat_evalsha:") })
            let calls = try #require(Int(line.split(separator: "calls=")[1].prefix { $0 != "," }))
            #expect(calls < 1_000)
        }
    }

    @Test("bulk over a thousand goes in several scripts, in order")
    func bulk() async throws {
        try await QueueHarness.run { harness in
            let jobs = try (0..<2_500).map { try Work().prepared(id: JobID("n\($0)")) }
            let results = try await harness.queue.enqueue(jobs)
            #expect(results.count == 2_500 && results.allSatisfy { $0 == .enqueued })
            let page = try await harness.inspector.jobs(queue: "work", state: .waiting, limit: 3)
            #expect(page.jobs.map(\.id.rawValue) == ["n0", "n1", "n2"])
        }
    }

    @Test("a payload over the limit and an id of a wrong form are refused before Redis is asked")
    func badInput() async throws {
        try await QueueHarness.run { harness in
            let big = Work(text: String(repeating: "x", count: JobQueue.maximumPayloadBytes))
            let tooLarge = await #expect(throws: JobQueueError.self) { try await harness.queue.enqueue(big) }
            #expect(tooLarge?.code == .payloadTooLarge)
            let wrong = await #expect(throws: JobQueueError.self) {
                try await harness.queue.enqueue(Work(), id: JobID("a b"))
            }
            #expect(wrong?.code == .invalidJob)
            let depth = try await harness.inspector.depth(queue: "work")
            #expect(depth == 0)
        }
    }

    @Test("a state change and its jobs are one step: refused together, done together")
    func transactional() async throws {
        try await QueueHarness.run { harness in
            let orders = LuaFragment(
                name: "orders",
                source: "return { key = function(id) return NS .. 'ord:' .. id end }")
            let place = DomainScript(
                name: "place", fragments: [orders],
                body: """
                    local key = orders.key(A[1])
                    if redis.call('EXISTS', key) == 1 then return refuse('order_exists', A[1]) end
                    redis.call('HSET', key, 'status', A[2], 'at', now)
                    redis.call('SADD', K[1], A[1])
                    local results, n = enqueue_all(jobs)
                    return ok(n, jobs[1].id, jobs[1].queue)
                    """)
            let jobs = [try Work().prepared(id: JobID("charge")), try Work().prepared(id: JobID("mail"))]
            let keys = ["\(harness.queue.namespace.prefix)all"]
            let first = try await harness.queue.run(place, keys: keys, arguments: ["7", "open"], jobs: jobs)
            #expect(
                first == .array([.integer(1), .integer(2), .bytes(Array("charge".utf8)), .bytes(Array("work".utf8))]))
            let second = try await harness.queue.run(
                place, keys: keys, arguments: ["7", "open"], jobs: [try Work().prepared(id: JobID("again"))])
            #expect(second[0].int == 0 && second[1].string == "order_exists" && second[2].string == "7")
            #expect(try await harness.inspector.depth(queue: "work") == 2)
            #expect(try await harness.state("again") == nil)
        }
    }

}
