import JobQueue
import RedisClient
import TestSupport
import Testing

struct InspectorPageTests {
    private struct Other: Job {
        static let name = "other"
        static let version = 3
        static let queue = "work"
        var text = ""
    }

    /// All pages of a state, with something that happens between them.
    private func ids(
        _ harness: QueueHarness, _ state: JobState, matching filter: JobFilter = JobFilter(), limit: Int,
        scan: Int = QueueInspector.defaultScan, between: (JobPage) async throws -> Void = { _ in }
    ) async throws -> [String] {
        var ids: [String] = []
        var cursor: String?
        repeat {
            let page = try await harness.inspector.jobs(
                queue: "work", state: state, matching: filter, cursor: cursor, limit: limit, scan: scan)
            #expect(page.jobs.count <= limit && page.scanned <= max(scan, limit))
            ids += page.jobs.map(\.id.rawValue)
            cursor = page.nextCursor
            try await between(page)
        } while cursor != nil
        return ids
    }

    private func write(_ harness: QueueHarness, _ command: String, _ part: String, _ arguments: RedisArgument...)
        async throws
    {
        try await harness.write(RedisCommand(command, [harness.key("q:work:\(part)")] + arguments))
    }

    @Test("pages of every state together show every job once", arguments: JobState.allCases, [1, 3, 50, 1_000])
    func pages(_ state: JobState, limit: Int) async throws {
        try await QueueHarness.run { harness in
            for number in 0..<53 { try await harness.put("j\(number)", in: state) }
            let ids = try await ids(harness, state, limit: limit)
            #expect(ids.count == 53 && Set(ids).count == 53)
        }
    }

    @Test("a job that stays in a sorted set comes once, though others leave, come and share its score")
    func movingSet() async throws {
        try await QueueHarness.run { harness in
            var random = SystemRandomNumberGenerator()
            let hour = 4_000_000_000_000
            let envelope: RedisArgument = "1 1700000000000 0 work 1 3 2 0 0 -\n{}"
            func add(_ id: String, _ score: Int) async throws {
                try await write(harness, "HSET", "jobs", RedisArgument(id), envelope)
                try await write(harness, "ZADD", "due", RedisArgument(score), RedisArgument(id))
            }
            // Few scores, hence long runs of equal ones; every third job leaves or moves.
            for number in 0..<300 { try await add("j\(number)", hour + Int.random(in: 0..<4, using: &random)) }
            var fresh = 0
            let ids = try await ids(harness, .scheduled, limit: 7) { page in
                guard let last = page.jobs.last?.id.rawValue, let number = Int(last.dropFirst()) else { return }
                // The job that the cursor names is among those that leave.
                for gone in [number, Int.random(in: 0..<300, using: &random)] where gone % 3 == 0 {
                    try await write(harness, "ZREM", "due", RedisArgument("j\(gone)"))
                }
                fresh += 1
                try await add("n\(fresh)", hour + Int.random(in: 0..<4, using: &random))
            }
            let stayed = (0..<300).filter { $0 % 3 != 0 }.map { "j\($0)" }
            let seen = ids.filter { id in id.hasPrefix("j") && Int(id.dropFirst()).map { $0 % 3 != 0 } == true }
            #expect(seen.count == stayed.count && Set(seen) == Set(stayed))
        }
    }

    @Test("a waiting job that stays is not missed, though the head is claimed and the tail grows")
    func movingList() async throws {
        try await QueueHarness.run { harness in
            func add(_ id: String) async throws {
                try await write(harness, "HSET", "jobs", RedisArgument(id), "1 1700000000000 0 work 1 3 2 0 0 -\n{}")
                try await write(harness, "LPUSH", "p1", RedisArgument(id))
            }
            for number in 0..<400 { try await add("j\(number)") }
            var claimed = 0
            let seen = try await ids(harness, .waiting, limit: 10) { _ in
                // What a claim of five does to the list.
                guard claimed < 150 else { return }
                try await write(harness, "RPOP", "p1", 5)
                try await write(harness, "HINCRBY", "meta", "epoch", 5)
                claimed += 5
                try await add("n\(claimed)")
            }
            let stayed = (150..<400).map { "j\($0)" }
            #expect(Set(stayed).subtracting(seen).isEmpty)
            #expect(seen.count == Set(seen).count)
        }
    }

    @Test("a filter lets through what it names", arguments: [JobState.waiting, .scheduled])
    func filters(_ state: JobState) async throws {
        try await QueueHarness.run { harness in
            let delay: Duration? = state == .scheduled ? .seconds(3_600) : nil
            for number in 0..<20 {
                let priority: JobPriority = number % 4 == 0 ? .high : .normal
                let id = JobID("j\(number)")
                if number % 2 == 0 {
                    try await harness.queue.enqueue(Other(), id: id, delay: delay, priority: priority)
                } else {
                    try await harness.queue.enqueue(Work(), id: id, delay: delay, priority: priority)
                }
                guard number % 5 == 0 else { continue }
                try await write(
                    harness, "HSET", "hist", RedisArgument(id.rawValue),
                    RedisArgument(#"{"f":\#(number),"l":0,"e":[{"t":5,"k":"f","m":"Timed OUT of [\#(number)]"}]}"#))
            }
            func found(_ filter: JobFilter) async throws -> Set<String> {
                Set(try await ids(harness, state, matching: filter, limit: 3))
            }
            func named(_ numbers: some Sequence<Int>) -> Set<String> { Set(numbers.map { "j\($0)" }) }
            let even = stride(from: 0, to: 20, by: 2)
            #expect(try await found(JobFilter(name: "other")) == named(even))
            #expect(try await found(JobFilter(name: "othe")).isEmpty)
            #expect(try await found(JobFilter(version: 3)) == named(even))
            #expect(try await found(JobFilter(name: "work", version: 3)).isEmpty)
            #expect(try await found(JobFilter(priority: .high)) == named(stride(from: 0, to: 20, by: 4)))
            #expect(try await found(JobFilter(minimumFailures: 10)) == named([10, 15]))
            #expect(try await found(JobFilter(errorContains: "timed out of [1")) == named([10, 15]))
            #expect(try await found(JobFilter(errorContains: "of .5")).isEmpty)
            #expect(try await found(JobFilter(name: "other", minimumFailures: 1)) == named([10]))
            #expect(try await found(JobFilter(isCancelled: true)).isEmpty)
            #expect(try await found(JobFilter(isCancelled: false)).count == 20)
            let created = try #require(try await harness.inspector.job(id: JobID("j7"))?.createdAt)
            let before = try await found(JobFilter(enqueuedBefore: created))
            let after = try await found(JobFilter(enqueuedAfter: created))
            #expect(after.contains("j7") && before.union(after).count == 20 && before.isDisjoint(with: after))
        }
    }

    @Test("a filter looks at no more than it may, says how many it looked at, and goes on with its cursor")
    func boundedScan() async throws {
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue((0..<1_000).map { try Work().prepared(id: JobID("j\($0)")) })
            try await harness.queue.enqueue(Other(), id: JobID("last"))
            let filter = JobFilter(name: "other")
            let page = try await harness.inspector.jobs(
                queue: "work", state: .waiting, matching: filter, limit: 5, scan: 120)
            #expect(page.jobs.isEmpty && page.scanned == 120 && page.nextCursor != nil)
            #expect(try await ids(harness, .waiting, matching: filter, limit: 5, scan: 120) == ["last"])
        }
    }

    @Test("a cursor of another state, or none at all, is refused")
    func wrongCursor() async throws {
        try await QueueHarness.run { harness in
            for number in 0..<3 { try await harness.put("j\(number)", in: .waiting) }
            let first = try await harness.inspector.jobs(queue: "work", state: .waiting, limit: 1)
            for cursor in ["", "2", "x y", first.nextCursor] {
                await #expect(throws: JobQueueError.self) {
                    try await harness.inspector.jobs(queue: "work", state: .dead, cursor: cursor)
                }
            }
        }
    }

    @Test("a running job is found by its id among many leases, whatever its id is made of")
    func leases() async throws {
        try await QueueHarness.run { harness in
            for number in 0..<1_500 {
                try await write(harness, "ZADD", "lease", 4_000_000_000_000, RedisArgument("j\(number):\(number)"))
            }
            for id in ["a", "a:5", "*", "[x]", "j\\1", "j?"] { try await harness.put(id, in: .running) }
            for id in ["a", "a:5", "*", "[x]", "j\\1", "j?"] {
                let job = try #require(try await harness.inspector.job(id: JobID(id)))
                #expect(job.state == .running && job.stateAt != nil)
            }
            // Nothing but an envelope: it waits.
            try await harness.put("a:", in: .waiting)
            #expect(try await harness.inspector.job(id: JobID("a:"))?.state == .waiting)
        }
    }
}
