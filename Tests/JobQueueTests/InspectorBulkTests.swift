import JobQueue
import RedisClient
import TestSupport
import Testing

struct InspectorBulkTests {
    @Test("an operation on all jobs that a filter lets through changes them and no others, and a dry run changes none")
    func apply() async throws {
        try await QueueHarness.run { harness in
            for number in 0..<250 {
                try await harness.put("j\(number)", in: .dead)
                guard number % 5 == 0 else { continue }
                try await harness.write(
                    RedisCommand(
                        "HSET", harness.key("q:work:hist"), RedisArgument("j\(number)"),
                        #"{"f":3,"l":0,"e":[{"t":1,"k":"f","m":"no such card"}]}"#))
            }
            let filter = JobFilter(errorContains: "NO SUCH")
            let dry = try await harness.inspector.apply(.retry, to: filter, queue: "work", state: .dead, dryRun: true)
            #expect(dry.matched == 50 && dry.changed == 0 && dry.scanned == 250 && dry.total == 250 && dry.isDryRun)
            #expect(try await harness.inspector.queue(named: "work").dead == 250)
            var seen: [Int] = []
            let done = try await harness.inspector.apply(.retry, to: filter, queue: "work", state: .dead) {
                seen.append($0.changed)
            }
            #expect(done.matched == 50 && done.changed == 50 && done.skipped.isEmpty)
            #expect(seen.last == 50 && seen == seen.sorted())
            let status = try await harness.inspector.queue(named: "work")
            #expect(status.dead == 200 && status.waiting == [0, 50, 0])
            for number in stride(from: 0, to: 250, by: 5) {
                #expect(try await harness.places("j\(number)", on: "work") == [.waiting])
            }
        }
    }

    @Test("what moved between the look and the step is skipped and counted with its reason")
    func skipped() async throws {
        try await QueueHarness.run { harness in
            for number in 0..<3 { try await harness.put("j\(number)", in: .scheduled) }
            try await harness.put("j1", in: .scheduled, of: "other")
            let report = try await harness.inspector.apply(.move(to: "other"), queue: "work", state: .scheduled)
            #expect(report.matched == 3 && report.changed == 2 && report.skipped == ["duplicate": 1])
        }
    }

    @Test("what no job in a state allows is refused at once")
    func notAllowed() async throws {
        try await QueueHarness.run { harness in
            try await harness.put("it", in: .waiting)
            await #expect(throws: JobQueueError.self) {
                try await harness.inspector.apply(.retry, queue: "work", state: .waiting)
            }
            await #expect(throws: JobQueueError.self) {
                try await harness.inspector.apply(.cancel(), queue: "work", state: .completed)
            }
        }
    }

    @Test("jobs that come while it goes on are left alone")
    func comesToAnEnd() async throws {
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue((0..<150).map { try Work().prepared(id: JobID("j\($0)")) })
            // The clock's millisecond in which it begins is the last that counts.
            try await Task.sleep(for: .milliseconds(3))
            var fresh = 0
            let report = try await harness.inspector.apply(.cancel(reason: "all"), queue: "work", state: .waiting) {
                _ in
                try await Task.sleep(for: .milliseconds(3))
                for _ in 0..<100 where fresh < 2_000 {
                    fresh += 1
                    try await harness.queue.enqueue(Work(), id: JobID("n\(fresh)"))
                }
            }
            #expect(report.changed == 150)
            let status = try await harness.inspector.queue(named: "work")
            #expect(status.dead == 150)
            // The marks of the cancelled ones lie in the list until they are claimed.
            #expect(status.depth == 150 + fresh)
        }
    }

    @Test("emptying takes what is asked for and leaves the rest", arguments: [JobState?.none] + JobState.allCases)
    func empty(_ state: JobState?) async throws {
        try await QueueHarness.run { harness in
            for state in JobState.allCases {
                for number in 0..<3 { try await harness.put("\(state)\(number)", in: state) }
            }
            guard state != .running else {
                await #expect(throws: JobQueueError.self) {
                    try await harness.inspector.empty(queue: "work", state: .running)
                }
                return
            }
            let gone = try await harness.inspector.empty(queue: "work", state: state)
            #expect(gone == (state == nil ? 15 : 3))
            for other in JobState.allCases {
                let isGone = state.map { $0 == other } ?? (other != .running && other != .completed)
                for number in 0..<3 {
                    #expect(try await harness.places("\(other)\(number)", on: "work") == (isGone ? [] : [other]))
                }
            }
            let histories = try await harness.client.send(RedisCommand("HLEN", harness.key("q:work:hist"))).int
            let left = (state == nil ? [] : [JobState.suspect, .dead].filter { $0 != state }).count * 3
            #expect(histories == left)
        }
    }

    @Test("a queue is removed when it has no jobs, or by force with them, and leaves no key but its epoch")
    func remove() async throws {
        try await QueueHarness.run { harness in
            for state in JobState.allCases { try await harness.put("it-\(state)", in: state) }
            try await harness.queue.enqueue(Work(), id: JobID("real"))
            try await harness.inspector.setLimits(queue: "work", QueueLimits(concurrency: 3))
            try await harness.write(RedisCommand("HINCRBY", harness.key("q:work:meta"), "epoch", 5))
            #expect(try await harness.inspector.remove(queue: "work") == .notEmpty(.waiting, count: 2))
            #expect(try await harness.inspector.queue(named: "work").depth == 3)
            #expect(try await harness.inspector.remove(queue: "work", force: true) == .removed)
            let keys = try await harness.client.send(RedisCommand("KEYS", "*")).array?.compactMap(\.string) ?? []
            #expect(Set(keys) == ["{t}:q:work:meta", "{t}:queue:schema"])
            let meta = try await harness.client.send(RedisCommand("HGETALL", harness.key("q:work:meta"))).array
            #expect(meta?.compactMap(\.string) == ["epoch", "5"])
            #expect(try await harness.inspector.queues().isEmpty)
            #expect(try await harness.queue.enqueue(Work(), id: JobID("real")) == .enqueued)
        }
    }

    @Test("draining tells how far it is until nothing waits and nothing runs")
    func drain() async throws {
        try await QueueHarness.run { harness in
            let barrier = Barrier()
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, _ -> Void in try await barrier.wait() }
            try await harness.queue.enqueue((0..<10).map { _ in try Work().prepared() })
            try await harness.withWorker(handlers) { _ in
                var counts: [Int] = []
                for try await status in harness.inspector.drain(queue: "work", every: .milliseconds(5)) {
                    counts.append(status.depth + status.running)
                    barrier.open()
                }
                #expect(counts.first == 10 && counts.last == 0 && counts == counts.sorted(by: >))
            }
        }
    }
}
