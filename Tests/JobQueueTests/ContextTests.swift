import Foundation
import JobQueue
import RedisClient
import TestSupport
import Testing

@Suite("Context of a job")
struct ContextTests {
    private struct Timed: Job {
        static let name = "timed"
        static let queue = "work"
        static let options = JobOptions(maximumFailures: 1, timeout: .seconds(60))
    }

    private struct Short: Job {
        static let name = "short"
        static let queue = "work"
        static let options = JobOptions(maximumFailures: 1, timeout: .milliseconds(30))
    }

    @Test("a handler sees its tag, time of enqueue and how much time it has")
    func properties() async throws {
        try await QueueHarness.run { harness in
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Timed.self) { _, context in
                let left = try #require(context.timeLeft)
                #expect(left > .zero && left <= .seconds(60) && context.deadline != nil)
                notes.note("\(context.tag ?? "") \(context.attempt)")
                notes.note("\(Int64((context.enqueuedAt.timeIntervalSince1970 * 1000).rounded()))")
                #expect(!context.isCancelled && context.cancellation == nil)
                try context.checkCancellation()
            }
            handlers.register(Work.self) { _, context in
                #expect(context.deadline == nil && context.timeLeft == nil)
                #expect(context.tag == nil && context.batch == nil)
            }
            try await harness.queue.enqueue(Timed(), id: JobID("one"), tag: "ord_1")
            let created = try #require(try await harness.inspector.job(id: JobID("one"), queue: "work")?.createdAt)
            try await harness.queue.enqueue(Work(), id: JobID("two"))
            try await harness.withWorker(handlers) { _ in
                try await eventually("completed") { try await harness.inspector.queue(named: "work").completed == 2 }
            }
            #expect(notes.all == ["ord_1 1", "\(created)"])
        }
    }

    /// Waits until it should stop, and notes why.
    private static func wait(_ context: JobContext, _ notes: Notes) async throws {
        do {
            while true {
                try context.checkCancellation()
                // Cancelled when the attempt is, and then the reason is known.
                try? await Task.sleep(for: .milliseconds(2))
            }
        } catch let cancellation as JobCancellation {
            notes.note("\(cancellation.reason)")
            throw cancellation
        }
    }

    @Test("a handler is told why it should stop, and the reason decides what becomes of its job")
    func reasons() async throws {
        try await QueueHarness.run { harness in
            let notes = Notes()
            let stopped = Notes()
            var handlers = JobHandlers()
            handlers.register(Short.self) { _, context in try await Self.wait(context, stopped) }
            handlers.register(Work.self) { _, context in
                notes.note(context.id.rawValue)
                try await Self.wait(context, stopped)
            }
            try await harness.queue.enqueue(Short(), id: JobID("short"))
            try await harness.withWorker(handlers, grace: .milliseconds(20)) { _ in
                try await eventually("dead") { try await harness.state("short") == .dead }
                try await harness.queue.enqueue(Work(), id: JobID("lost"))
                try await eventually("runs") { notes.all == ["lost"] }
                _ = try await harness.client.send(RedisCommand("DEL", harness.key("q:work:lease")))
                try await eventually("told") { stopped.all.count == 2 }
                try await harness.queue.enqueue(Work(), id: JobID("drained"))
                try await eventually("runs") { notes.all == ["lost", "drained"] }
            }
            #expect(stopped.all == ["timeout", "leaseLost", "drain"])
            let drained = try #require(try await harness.inspector.job(id: JobID("drained"), queue: "work"))
            #expect(drained.state == .waiting && drained.failures == 0 && drained.lapses == 0)
        }
    }

    @Test("in a test the cancellation follows the task")
    func withoutWorker() async throws {
        var handlers = JobHandlers()
        let notes = Notes()
        handlers.register(Work.self) { _, context in try await Self.wait(context, notes) }
        let ready = handlers
        let task = Task { try await ready.perform(Work()) }
        task.cancel()
        guard case .retry = try await task.value else { throw TestSupportError("not retried") }
        #expect(notes.all == ["cancelled"])
    }

    @Test("what follows from a job has its tag and trace, unless it has its own")
    func inheritance() async throws {
        let put = EffectDefinition(name: "put", body: "return { apply = function(_, jobs) enqueue_all(jobs) end }")
        try await QueueHarness.run { harness in
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(effect: put)
            handlers.register(Timed.self) { _, context in
                notes.note("\(context.id) \(context.tag ?? "-") \(context.traceID ?? "-")")
            }
            handlers.register(Work.self) { _, context in
                Completion(
                    effects: [Effect("put", jobs: [try Timed().prepared(id: JobID("effect"))])],
                    followUps: [
                        try Timed().prepared(id: JobID("heir")),
                        try Timed().prepared(id: JobID("own"), traceID: "trace_2", tag: "ord_2"),
                    ])
            }
            try await harness.queue.enqueue(Work(), id: JobID("parent"), traceID: "trace_1", tag: "ord_1")
            try await harness.withWorker(handlers) { _ in
                try await eventually("followed") { notes.all.count == 3 }
            }
            #expect(notes.all.sorted() == ["effect ord_1 trace_1", "heir ord_1 trace_1", "own ord_2 trace_2"])
        }
    }

    @Test("middleware on both sides can keep payloads unreadable in Redis")
    func sealed() async throws {
        struct Seal: EnqueueMiddleware, JobMiddleware {
            func turned(_ data: Data) -> Data { Data(data.map { $0 ^ 0x5A }) }

            func prepare(_ jobs: inout [PreparedJob]) async throws {
                jobs = try jobs.map { try $0.replacingPayload(turned) }
            }

            func handle(_ context: JobContext, next: JobNext) async throws -> Completion {
                var context = context
                context.payload = turned(context.payload)
                return try await next(context)
            }
        }
        try await QueueHarness.run { harness in
            let notes = Notes()
            let queue = JobQueue(
                redis: harness.client, namespace: try Namespace("t"), logger: .quiet, middleware: [Seal()])
            var handlers = JobHandlers()
            handlers.use(Seal())
            handlers.register(Work.self) { job, _ in notes.note(job.text) }
            try await queue.enqueue(Work(text: "secret"), id: JobID("sealed"))
            let stored = try await harness.inspector.job(id: JobID("sealed"), queue: "work")?.payload
            #expect(stored?.contains("secret") == false)
            try await harness.withWorker(handlers, over: queue) { _ in
                try await eventually("completed") { try await harness.state("sealed") == .completed }
            }
            #expect(notes.all == ["secret"])
            let large = #expect(throws: JobQueueError.self) {
                try Work().prepared().replacingPayload { _ in Data(count: JobQueue.maximumPayloadBytes + 1) }
            }
            #expect(large?.code == .payloadTooLarge)
        }
    }
}
