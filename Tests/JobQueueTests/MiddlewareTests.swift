import Foundation
import JobQueue
import RedisClient
import TestSupport
import Testing

@Suite("Middleware")
struct MiddlewareTests {
    /// Notes the jobs of each call, and raises their level.
    private struct Raise: EnqueueMiddleware {
        let notes: Notes
        let name: String
        var priority: JobPriority?

        func prepare(_ jobs: inout [PreparedJob]) async throws {
            notes.note("\(name) \(jobs.map(\.id.rawValue).joined(separator: ","))")
            guard let priority else { return }
            for index in jobs.indices { jobs[index].priority = priority }
        }
    }

    private struct Refuse: EnqueueMiddleware {
        struct TooMany: Error {}
        let limit: Int

        func prepare(_ jobs: inout [PreparedJob]) async throws {
            if jobs.count > limit { throw TooMany() }
        }
    }

    private struct Drop: EnqueueMiddleware {
        func prepare(_ jobs: inout [PreparedJob]) async throws { jobs.removeLast() }
    }

    private struct Tell: JobMiddleware {
        let notes: Notes
        let name: String

        func handle(_ context: JobContext, next: JobNext) async throws -> Completion {
            notes.note("\(name) begins")
            do {
                let completion = try await next(context)
                notes.note("\(name) ends")
                return completion
            } catch {
                notes.note("\(name) fails")
                throw error
            }
        }
    }

    private func queue(_ harness: QueueHarness, _ middleware: any EnqueueMiddleware...) throws -> JobQueue {
        JobQueue(redis: harness.client, namespace: try Namespace("t"), logger: .quiet, middleware: middleware)
    }

    @Test("every call is seen once with all its jobs, in the middleware's order, and jobs are enqueued as changed")
    func enqueue() async throws {
        try await QueueHarness.run { harness in
            let notes = Notes()
            let queue = try queue(
                harness, Raise(notes: notes, name: "first", priority: .low),
                Raise(notes: notes, name: "second", priority: .high))
            try await queue.enqueue(Work(), id: JobID("a"))
            try await queue.enqueue([try Work().prepared(id: JobID("b")), try Work().prepared(id: JobID("c"))])
            _ = try await queue.run(
                DomainScript(name: "place", body: "enqueue_all(jobs) return ok()"),
                jobs: [try Work().prepared(id: JobID("d"))])
            #expect(notes.all == ["first a", "second a", "first b,c", "second b,c", "first d", "second d"])
            #expect(try await harness.inspector.queue(named: "work").waiting == [4, 0, 0])
        }
    }

    @Test("a refusal enqueues nothing of its call, and reaches its caller alone")
    func refusal() async throws {
        try await QueueHarness.run { harness in
            let queue = try queue(harness, Refuse(limit: 2))
            let jobs = try (0..<3).map { try Work().prepared(id: JobID("many\($0)")) }
            await #expect(throws: Refuse.TooMany.self) { try await queue.enqueue(jobs) }
            // Beside them callers that are coalesced.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask { try await queue.enqueue(Work(), id: JobID("one\(number)")) }
                }
                try await group.waitForAll()
            }
            #expect(try await harness.inspector.depth(queue: "work") == 100)
        }
    }

    @Test("a middleware that loses a job is an error")
    func lost() async throws {
        try await QueueHarness.run { harness in
            let queue = try queue(harness, Drop())
            let error = await #expect(throws: JobQueueError.self) { try await queue.enqueue(Work(), id: JobID("a")) }
            #expect(error?.code == .invalidJob)
            #expect(try await harness.inspector.depth(queue: "work") == 0)
        }
    }

    @Test("follow-ups and effects' jobs go through the worker's queue's middleware; a refusal fails the attempt")
    func followUps() async throws {
        try await QueueHarness.run { harness in
            let notes = Notes()
            let worker = try queue(harness, Raise(notes: notes, name: "seen", priority: .low), Refuse(limit: 1))
            var handlers = JobHandlers()
            handlers.register(
                effect: EffectDefinition(
                    name: "put", body: "return { apply = function(_, jobs) enqueue_all(jobs) end }"))
            handlers.register(Work.self) { job, _ in
                let jobs = try job.text.split(separator: ",").map { try Other().prepared(id: JobID(String($0))) }
                return Completion(
                    effects: [Effect("put", jobs: [try Other().prepared(id: JobID("effect.\(job.text)"))])],
                    followUps: jobs)
            }
            try await harness.queue.enqueue(Work(text: "next"), id: JobID("one"))
            try await harness.withWorker(handlers, over: worker) { _ in
                try await eventually("completed") { try await harness.state("one") == .completed }
                try await harness.queue.enqueue(Work(text: "too,many"), id: JobID("two"))
                try await eventually("refused") { try await harness.state("two") == .dead }
            }
            #expect(notes.all == ["seen next", "seen effect.next"] + Array(repeating: "seen too,many", count: 3))
            let refused = try #require(try await harness.inspector.job(id: JobID("two"), queue: "work"))
            #expect(refused.troubles.last?.message.contains("TooMany") == true)
            #expect(try await harness.inspector.queue(named: "other").waiting == [0, 0, 2])
        }
    }

    private struct Other: Job {
        static let name = "other"
        static let queue = "other"
    }

    @Test("a handler runs inside its middleware, the first one outermost, whether registered before or after it")
    func order() async throws {
        let notes = Notes()
        var handlers = JobHandlers()
        handlers.use(Tell(notes: notes, name: "outer"))
        handlers.register(Work.self) { job, _ -> Void in
            notes.note("handler")
            if job.text == "bad" { throw JobFailure.permanent("bad") }
        }
        handlers.use(Tell(notes: notes, name: "inner"))
        let good = try await handlers.perform(Work())
        #expect(good.completion != nil)
        #expect(notes.all == ["outer begins", "inner begins", "handler", "inner ends", "outer ends"])
        let bad = try await handlers.perform(Work(text: "bad"))
        guard case .dead("bad") = bad else { throw TestSupportError("\(bad)") }
        #expect(notes.all.suffix(2) == ["inner fails", "outer fails"])
    }

    @Test("a middleware changes the payload, adds to the completion, and turns an error into success in a worker")
    func changes() async throws {
        struct Change: JobMiddleware {
            func handle(_ context: JobContext, next: JobNext) async throws -> Completion {
                var context = context
                context.payload = Data(String(decoding: context.payload, as: UTF8.self).uppercased().utf8)
                    .replacing(Data("TEXT".utf8), with: Data("text".utf8))
                do {
                    var completion = try await next(context)
                    completion.followUps.append(try Other().prepared(id: JobID("added")))
                    return completion
                } catch is CancellationError {
                    return .done
                }
            }
        }
        try await QueueHarness.run { harness in
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.use(Change())
            handlers.register(Work.self) { job, _ -> Void in
                notes.note(job.text)
                if job.text == "ODD" { throw CancellationError() }
            }
            try await harness.queue.enqueue(Work(text: "even"), id: JobID("even"))
            try await harness.queue.enqueue(Work(text: "odd"), id: JobID("odd"))
            try await harness.withWorker(handlers) { _ in
                try await eventually("completed") { try await harness.inspector.queue(named: "work").completed == 2 }
            }
            #expect(notes.all.sorted() == ["EVEN", "ODD"])
            #expect(try await harness.inspector.depth(queue: "other") == 1)
        }
    }
}
