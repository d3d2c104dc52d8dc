import RedisClient
import TestSupport
import Testing

@testable import JobQueue

@Suite("Timelines")
struct EnqueueTimelineTests {
    private func events(_ harness: QueueHarness, _ tag: String) async throws -> [[String: String]] {
        let entries = try await harness.client.send(RedisCommand("XRANGE", harness.key("tag:\(tag)"), "-", "+")).array
        return (entries ?? []).compactMap { $0[1].dictionary }
    }

    @Test("what happens to a tagged job stands in its tag's timeline, in order, over queues and follow-ups")
    func order() async throws {
        struct Next: Job {
            static let name = "next"
            static let queue = "next"
        }
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context -> Completion in
                guard context.id.rawValue == "w" else { return .done }
                if context.failures == 0 { throw JobFailure.retry(after: .zero, "not yet") }
                return Completion(followUps: [
                    try Next().prepared(id: JobID("n")).inheriting(tag: "ord_1", traceID: nil)
                ])
            }
            handlers.register(Next.self) { _, _ -> Void in throw JobFailure.permanent("no") }
            try await harness.queue.enqueue(Work(), id: JobID("w"), delay: .milliseconds(5), tag: "ord_1")
            try await harness.queue.enqueue(Work(), id: JobID("other"))
            try await harness.withWorker(
                handlers, queues: [WorkerQueue("work", concurrency: 2), WorkerQueue("next", concurrency: 1)]
            ) { _ in
                try await eventually("ended") { try await harness.state("n", queue: "next") == .dead }
            }
            let events = try await events(harness, "ord_1")
            #expect(
                events.map { "\($0["e"] ?? "") \($0["q"] ?? "")/\($0["i"] ?? "") \($0["t"] ?? "")" } == [
                    "enqueued work/w work", "started work/w work", "failed work/w work", "started work/w work",
                    "enqueued next/n next", "completed work/w work", "started next/n next", "failed next/n next",
                    "dead next/n next",
                ])
            #expect(events[0]["d"] == "in 5 ms" && events[2]["d"]?.contains("not yet") == true)
            #expect(events[3]["d"] == "attempt 2")
            let ttl = try await harness.client.send(RedisCommand("PTTL", harness.key("tag:ord_1"))).int ?? 0
            #expect(ttl > 29 * 86_400_000)
        }
    }

    @Test("a timeline is bounded, whatever is written to it")
    func bounded() async throws {
        try await QueueHarness.run { harness in
            for part in 0..<4 {
                try await harness.queue.enqueue(
                    (0..<500).map { try Work().prepared(id: JobID("w\(part).\($0)"), tag: "busy") })
            }
            let events = try await events(harness, "busy")
            #expect(events.count >= 500 && events.count < 700)
            #expect(events.last?["i"] == "w3.499")
        }
    }
}
