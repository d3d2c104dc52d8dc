import Foundation
import RedisClient
import TestSupport
import Testing

@testable import JobQueue

private struct Member: Job {
    static let name = "member"
    static let queue = "work"
    static let options = JobOptions(maximumFailures: 1)
    var text = ""
}

private struct Callback: Job {
    static let name = "callback"
    static let queue = "after"
    var kind: String
    var batch: BatchID
}

@Suite("Batches")
struct BatchTests {
    private let id = BatchID("b1")

    private func members(_ count: Int, _ text: String = "") throws -> [PreparedJob] {
        try (0..<count).map { try Member(text: text).prepared(id: JobID("m\($0)")) }
    }

    private func batch(_ jobs: [PreparedJob], id: BatchID = BatchID("b1")) throws -> JobBatch {
        JobBatch(
            id: id, jobs: jobs,
            onSuccess: try Callback(kind: "success", batch: id).prepared(id: JobID("\(id).success")),
            onComplete: try Callback(kind: "complete", batch: id).prepared(id: JobID("\(id).complete")))
    }

    /// Members do what `run` says; callbacks note their kind.
    private func handlers(
        _ notes: Notes, _ run: @Sendable @escaping (Member, JobContext) async throws -> Completion = { _, _ in .done }
    ) -> JobHandlers {
        var handlers = JobHandlers()
        handlers.register(Member.self) { job, context -> Completion in
            let completion = try await run(job, context)
            notes.note(context.id.rawValue)
            return completion
        }
        handlers.register(Callback.self) { job, _ -> Void in notes.note("\(job.kind) of \(job.batch)") }
        return handlers
    }

    private let queues = [WorkerQueue("work", concurrency: 4), WorkerQueue("after", concurrency: 1)]

    @Test("when all have completed, both callbacks run, once, and the batch says so")
    func completes() async throws {
        try await QueueHarness.run { harness in
            #expect(try await harness.queue.enqueue(batch: batch(members(3))) == [.enqueued, .enqueued, .enqueued])
            let open = try #require(try await harness.queue.batch(id: id))
            #expect(open.total == 3 && open.pending == 3 && open.sealedAt != nil && open.finishedAt == nil)
            #expect(open.onSuccess == JobID("b1.success") && open.onComplete == JobID("b1.complete"))
            let notes = Notes()
            try await harness.withWorker(handlers(notes), queues: queues) { _ in
                try await eventually("both callbacks") { notes.all.count == 5 }
            }
            #expect(Set(notes.all.prefix(3)) == ["m0", "m1", "m2"])
            #expect(Set(notes.all.suffix(2)) == ["success of b1", "complete of b1"])
            let over = try #require(try await harness.queue.batch(id: id))
            #expect(over.pending == 0 && over.completed == 3 && over.finishedAt != nil && over.succeededAt != nil)
            // A finished one is forgotten some day, a running one never.
            let ttl = try await harness.client.send(RedisCommand("PTTL", harness.key("batch:b1"))).int ?? 0
            #expect(ttl > 6 * 86_400_000 && ttl <= 7 * 86_400_000)
            // A repeat, however late, is answered and changes nothing.
            #expect(try await harness.queue.enqueue(batch: batch(members(3))).allSatisfy { $0 == .duplicate })
            #expect(try await harness.queue.batch(id: id) == over)
        }
    }

    @Test("a dead member lets the batch end without success; retried and completed, success follows, and nothing twice")
    func deadAndRetried() async throws {
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue(batch: batch(members(2) + [Member(text: "dies").prepared(id: JobID("x"))]))
            let notes = Notes()
            let handlers = handlers(notes) { job, _ in
                if job.text == "dies", notes.all.allSatisfy({ $0 != "mended" }) { throw JobFailure.permanent("no") }
                return .done
            }
            try await harness.withWorker(handlers, queues: queues) { _ in
                try await eventually("complete") { notes.all.contains("complete of b1") }
                let over = try #require(try await harness.queue.batch(id: id))
                #expect(over.dead == 1 && over.completed == 2 && over.pending == 0 && over.succeededAt == nil)
                notes.note("mended")
                _ = try await harness.inspector.pause(queue: "work")
                #expect(try await harness.inspector.perform(.retry, on: JobID("x"), queue: "work") == .done)
                let again = try #require(try await harness.queue.batch(id: id))
                #expect(again.dead == 0 && again.pending == 1 && again.finishedAt == nil)
                #expect(try await harness.client.send(RedisCommand("PTTL", harness.key("batch:b1"))).int == -1)
                _ = try await harness.inspector.resume(queue: "work")
                try await eventually("success") { notes.all.contains("success of b1") }
            }
            #expect(notes.all.filter { $0.hasSuffix("of b1") } == ["complete of b1", "success of b1"])
            let over = try #require(try await harness.queue.batch(id: id))
            #expect(over.dead == 0 && over.completed == 3 && over.pending == 0 && over.finishedAt != nil)
        }
    }

    @Test("members add members while they run, down to the third generation; the callback waits for the last")
    func fanOut() async throws {
        try await QueueHarness.run { harness in
            let id = id
            let notes = Notes()
            let handlers = handlers(notes) { job, context in
                guard job.text.utf8.count < 2 else { return .done }
                return Completion(
                    followUps: try ["a", "b", "c"].map {
                        try Member(text: job.text + $0).prepared(id: JobID("\(context.id).\($0)")).joining(batch: id)
                    })
            }
            try await harness.queue.enqueue(batch: batch(members(2)))
            try await harness.withWorker(handlers, queues: queues) { _ in
                try await eventually("callbacks") { notes.all.count { $0.hasSuffix("of b1") } == 2 }
            }
            #expect(notes.all.count == 28)
            #expect(notes.all.firstIndex { $0.hasSuffix("of b1") } == 26)
            let over = try #require(try await harness.queue.batch(id: id))
            #expect(over.total == 26 && over.completed == 26 && over.pending == 0)
        }
    }

    @Test("deleted and cancelled members count as ended; what is no member is not counted")
    func deleted() async throws {
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue(Member(), id: JobID("m0"))
            let results = try await harness.queue.enqueue(batch: batch(members(4)))
            #expect(results == [.duplicate, .enqueued, .enqueued, .enqueued])
            #expect(try await harness.queue.batch(id: id)?.total == 3)
            #expect(try await harness.inspector.perform(.delete, on: JobID("m1"), queue: "work") == .done)
            #expect(try await harness.inspector.perform(.delete, on: JobID("m0"), queue: "work") == .done)
            #expect(try await harness.inspector.cancel(id: JobID("m2"), queue: "work") == .done)
            #expect(try await harness.queue.batch(id: id)?.pending == 1)
            // Cancelled and retried, it is pending again, and cancelled once more.
            #expect(try await harness.inspector.perform(.retry, on: JobID("m2"), queue: "work") == .done)
            let pending = try #require(try await harness.queue.batch(id: id))
            #expect(pending.pending == 2 && pending.cancelled == 0 && pending.dead == 0)
            #expect(try await harness.inspector.cancel(id: JobID("m2"), queue: "work") == .done)
            #expect(try await harness.inspector.depth(queue: "after") == 0)
            #expect(try await harness.inspector.cancel(id: JobID("m3"), queue: "work") == .done)
            let over = try #require(try await harness.queue.batch(id: id))
            #expect(over.deleted == 1 && over.cancelled == 2 && over.finishedAt != nil && over.succeededAt == nil)
            #expect(try await harness.state("b1.complete", queue: "after") == .waiting)
            #expect(try await harness.state("b1.success", queue: "after") == nil)
        }
    }

    @Test("a batch without members is over at once; a batch that is over, or is none, takes nobody")
    func empty() async throws {
        try await QueueHarness.run { harness in
            #expect(try await harness.queue.enqueue(batch: batch([])) == [])
            #expect(try await harness.state("b1.complete", queue: "after") == .waiting)
            #expect(try await harness.state("b1.success", queue: "after") == .waiting)
            let over = try #require(try await harness.queue.batch(id: id))
            for batch in [id, BatchID("none")] {
                let late = try Member().prepared(id: JobID("late.\(batch)")).joining(batch: batch)
                #expect(try await harness.queue.enqueue(late) == .enqueued)
            }
            let more = await #expect(throws: JobQueueError.self) {
                try await harness.queue.enqueue(batch: batch(members(1)))
            }
            #expect(more?.code == .invalidJob)
            let notes = Notes()
            try await harness.withWorker(handlers(notes), queues: queues) { _ in
                try await eventually("all ran") { notes.all.count == 4 }
            }
            #expect(try await harness.queue.batch(id: id) == over)
            #expect(try await harness.queue.batch(id: BatchID("none")) == nil)
        }
    }

    @Test("2,500 members: a producer cut between its parts leaves the batch open, and a repeat continues it")
    func cutBetweenParts() async throws {
        try await QueueHarness.run { harness in
            let proxy = try FaultProxy(to: harness.server)
            defer { proxy.stop() }
            let client = harness.server.makeClient(socketPath: proxy.socketPath) { $0.commandTimeout = .seconds(1) }
            let queue = try harness.queue(over: client)
            try await queue.enqueue(batch: batch([], id: BatchID("warm")))
            // The second part arrives and its answer is lost; then nothing more gets through.
            proxy.set(.cutBeforeReply, on: "m1999", times: .max)
            let error = await #expect(throws: JobQueueError.self) {
                try await queue.enqueue(batch: batch(members(2_500)))
            }
            #expect(error?.code == .outcomeUnknown || error?.code == .unavailable)
            await client.close()
            let notes = Notes()
            try await harness.withWorker(handlers(notes), queues: queues) { _ in
                try await eventually("what was taken has run") { notes.all.count { $0.hasPrefix("m") } == 2_000 }
                try await eventually("and ended") { try await harness.queue.batch(id: id)?.pending == 0 }
                let open = try #require(try await harness.queue.batch(id: id))
                #expect(open.total == 2_000 && open.sealedAt == nil && open.finishedAt == nil)
                // The process that continues made its ids afresh; what was taken is not taken again.
                let fresh = try (0..<2_500).map { try Member().prepared(id: JobID($0 < 2_000 ? "f\($0)" : "m\($0)")) }
                let results = try await harness.queue.enqueue(batch: batch(fresh))
                #expect(results.count { $0 == .duplicate } == 2_000 && results.count { $0 == .enqueued } == 500)
                try await eventually("callbacks") { notes.all.count { $0.hasSuffix("of b1") } == 2 }
            }
            #expect(notes.all.count { $0.hasPrefix("m") } == 2_500 && !notes.all.contains { $0.hasPrefix("f") })
            let over = try #require(try await harness.queue.batch(id: id))
            #expect(over.total == 2_500 && over.completed == 2_500)
        }
    }

    @Test("members whose process is killed end as completed elsewhere or dead, and the callback runs after them")
    func killedWorkers() async throws {
        try await QueueHarness.run { harness in
            let jobs = try ["die", "ok", "ok", "ok"].enumerated().map {
                try Work(text: $1).prepared(id: JobID("w\($0)"))
            }
            try await harness.queue.enqueue(batch: batch(jobs))
            for _ in 0..<2 {
                // The poison job kills two processes, and is dead then.
                let process = try harness.startProcess(lease: 300)
                process.wait()
            }
            let process = try harness.startProcess(lease: 300)
            try await eventually("over") { try await harness.queue.batch(id: id)?.finishedAt != nil }
            process.kill(SIGTERM)
            process.wait()
            let over = try #require(try await harness.queue.batch(id: id))
            #expect(over.dead == 1 && over.completed == 3 && over.succeededAt == nil)
            #expect(try await harness.state("b1.complete", queue: "after") == .waiting)
            #expect(try await harness.inspector.depth(queue: "after") == 1)
        }
    }

    @Test("pages of batches, the latest first; those whose time is over are swept by those that come")
    func pages() async throws {
        try await QueueHarness.run { harness in
            for number in 0..<7 { try await harness.queue.enqueue(batch: batch([], id: BatchID("p\(number)"))) }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let page = try await harness.queue.batches(cursor: cursor, limit: 3)
                seen += page.batches.map(\.id.rawValue)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seen.count == 7 && Set(seen).count == 7)
            let created = try await harness.queue.batches(limit: 10).batches.map(\.createdAt)
            #expect(created == created.sorted(by: >))
            for number in 0..<5 {
                try await harness.write(
                    RedisCommand("ZADD", harness.key("batches:ends"), 1, RedisArgument("p\(number)")))
            }
            try await harness.queue.enqueue(batch: batch([], id: BatchID("p7")))
            #expect(Set(try await harness.queue.batches().batches.map(\.id.rawValue)) == ["p5", "p6", "p7"])
            #expect(try await harness.client.send(RedisCommand("EXISTS", harness.key("batch:p0"))).int == 0)
        }
    }

    @Test("many workers and many members: each counts once, and the callback comes once")
    func competition() async throws {
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue(batch: batch(members(1_000)))
            let notes = Notes()
            let all = handlers(notes)
            try await harness.withWorker(all, queues: queues) { _ in
                try await harness.withWorker(all, queues: queues) { _ in
                    try await harness.withWorker(all, queues: queues) { _ in
                        try await eventually("callbacks") { notes.all.count { $0.hasSuffix("of b1") } == 2 }
                    }
                }
            }
            #expect(notes.all.count == 1_002)
            #expect(try await harness.queue.batch(id: id)?.completed == 1_000)
        }
    }
}
