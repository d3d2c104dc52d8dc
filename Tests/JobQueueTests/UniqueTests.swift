import Foundation
import RedisClient
import TestSupport
import Testing

@testable import JobQueue

/// At most one waits; the third field is no part of the key.
private struct OnePending: Job {
    static let name = "pending"
    static let queue = "work"
    static let options = JobOptions(maximumFailures: 3, uniqueness: .whilePending)
    var key = "k"
    var text = ""
    var uniqueKey: String? { key }
}

/// One until it is done; the whole payload is the key.
private struct OneUntilDone: Job {
    static let name = "done"
    static let queue = "work"
    static let options = JobOptions(maximumFailures: 2, maximumLapses: 2, uniqueness: .untilDone)
    var key = "k"
    var amounts: [String: Int] = [:]
}

private struct OneInAPeriod: Job {
    static let name = "period"
    static let queue = "work"
    static let options = JobOptions(maximumFailures: 1, uniqueness: .period(.milliseconds(400)))
    var key = "k"
}

private struct OneADay: Job {
    static let name = "day"
    static let queue = "work"
    static let options = JobOptions(maximumFailures: 1, uniqueness: .period(.seconds(86_400)))
    var key = "k"
}

@Suite("Unique jobs")
struct UniqueTests {
    @Test("one waits; the claim frees the lock, and a retry does not take it again")
    func whilePending() async throws {
        try await QueueHarness.run { harness in
            let queue = harness.queue
            #expect(try await queue.enqueue(OnePending(text: "fails"), id: JobID("a")) == .enqueued)
            #expect(try await queue.enqueue(OnePending(text: "x"), id: JobID("b")) == .unique(holder: JobID("a")))
            #expect(try await queue.enqueue(OnePending(text: "x"), id: JobID("a")) == .duplicate)
            #expect(try await queue.enqueue(OnePending(key: "other"), id: JobID("o")) == .enqueued)
            let barrier = Barrier()
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(OnePending.self) { job, context -> Void in
                notes.note(context.id.rawValue)
                if job.text == "fails" {
                    throw JobFailure.retry(after: context.failures == 0 ? .seconds(3600) : .zero, "again")
                }
                try await barrier.wait()
            }
            try await harness.withWorker(handlers, queues: [WorkerQueue("work", concurrency: 8)]) { _ in
                try await eventually("a waits for its retry") { try await harness.state("a") == .scheduled }
                // Its retry waits and another comes: both are there, and a third is kept away.
                #expect(try await queue.enqueue(OnePending(), id: JobID("b")) == .enqueued)
                try await eventually("b runs") { notes.all.contains("b") }
                _ = try await harness.inspector.pause(queue: "work")
                #expect(try await queue.enqueue(OnePending(), id: JobID("c")) == .enqueued)
                #expect(try await queue.enqueue(OnePending(), id: JobID("d")) == .unique(holder: JobID("c")))
                #expect(try await harness.inspector.perform(.runNow, on: JobID("a"), queue: "work") == .done)
                #expect(try await queue.enqueue(OnePending(), id: JobID("d")) == .unique(holder: JobID("c")))
                // The claim of the retry frees nothing that is another's.
                _ = try await harness.inspector.resume(queue: "work")
                try await eventually("a is dead") { try await harness.state("a") == .dead }
                barrier.open()
            }
            #expect(try await harness.client.send(RedisCommand("HLEN", harness.key("q:work:uniq"))).int == 0)
        }
    }

    @Test("one until it is done: through a retry, and free when it has completed")
    func untilDone() async throws {
        try await QueueHarness.run { harness in
            let queue = harness.queue
            var handlers = JobHandlers()
            handlers.register(OneUntilDone.self) { _, context -> Void in
                if context.failures == 0 { throw JobFailure.retry(after: .seconds(3600), "later") }
            }
            #expect(try await queue.enqueue(OneUntilDone(amounts: ["a": 1, "b": 2]), id: JobID("a")) == .enqueued)
            try await harness.withWorker(handlers) { _ in
                try await eventually("waits for its retry") { try await harness.state("a") == .scheduled }
                // The key is the payload, whatever the order of its fields.
                let same = OneUntilDone(amounts: ["b": 2, "a": 1])
                #expect(try await queue.enqueue(same, id: JobID("b")) == .unique(holder: JobID("a")))
                #expect(try await queue.enqueue(OneUntilDone(amounts: ["a": 2]), id: JobID("o")) == .enqueued)
                #expect(try await harness.inspector.perform(.runNow, on: JobID("a"), queue: "work") == .done)
                try await eventually("completed") { try await harness.state("a") == .completed }
                #expect(try await queue.enqueue(same, id: JobID("b")) == .enqueued)
            }
        }
    }

    @Test("a dead job holds nothing, and lives again only if nobody else does")
    func dead() async throws {
        try await QueueHarness.run { harness in
            let queue = harness.queue
            let fails = Notes()
            var handlers = JobHandlers()
            handlers.register(OneUntilDone.self) { _, _ -> Void in
                if fails.all.isEmpty { throw JobFailure.permanent("no") }
            }
            try await queue.enqueue(OneUntilDone(), id: JobID("a"))
            try await harness.withWorker(handlers) { _ in
                try await eventually("dead") { try await harness.state("a") == .dead }
            }
            #expect(try await queue.enqueue(OneUntilDone(), id: JobID("b")) == .enqueued)
            let refused = try await harness.inspector.perform(.retry, on: JobID("a"), queue: "work")
            #expect(refused == .uniqueHeld(by: JobID("b")))
            #expect(try await harness.state("a") == .dead)
            #expect(try await harness.inspector.perform(.delete, on: JobID("b"), queue: "work") == .done)
            #expect(try await harness.inspector.perform(.retry, on: JobID("a"), queue: "work") == .done)
            #expect(try await queue.enqueue(OneUntilDone(), id: JobID("c")) == .unique(holder: JobID("a")))
            fails.note("succeed")
            try await harness.withWorker(handlers) { _ in
                try await eventually("completed") { try await harness.state("a") == .completed }
            }
            #expect(try await queue.enqueue(OneUntilDone(), id: JobID("c")) == .enqueued)
        }
    }

    @Test("a period holds beyond the completion, ends by itself and leaves nothing; who is dead holds none")
    func period() async throws {
        try await QueueHarness.run { harness in
            let queue = harness.queue
            var handlers = JobHandlers()
            handlers.register(OneInAPeriod.self) { _, _ -> Void in }
            handlers.register(OneADay.self) { job, _ -> Void in
                if job.key == "dies" { throw JobFailure.permanent("no") }
            }
            try await harness.withWorker(handlers) { _ in
                #expect(try await queue.enqueue(OneADay(), id: JobID("a")) == .enqueued)
                try await eventually("completed") { try await harness.state("a") == .completed }
                #expect(try await queue.enqueue(OneADay(), id: JobID("b")) == .unique(holder: JobID("a")))
                #expect(try await queue.enqueue(OneADay(key: "dies"), id: JobID("c")) == .enqueued)
                try await eventually("dead") { try await harness.state("c") == .dead }
                #expect(try await queue.enqueue(OneADay(key: "dies"), id: JobID("d")) == .enqueued)
                #expect(try await queue.enqueue(OneInAPeriod(), id: JobID("p1")) == .enqueued)
                try await eventually("over") {
                    try await queue.enqueue(OneInAPeriod(), id: JobID("p2")) == .enqueued
                }
                try await eventually("the lock is gone by itself") {
                    try await harness.client.send(RedisCommand("EXISTS", harness.key("q:work:uniq:=period:k"))).int == 0
                }
            }
        }
    }

    @Test("deletion and cancellation free the lock in every mode; moving a job moves it")
    func operations() async throws {
        try await QueueHarness.run { harness in
            let queue = harness.queue
            func jobs(_ suffix: String) throws -> [PreparedJob] {
                [
                    try OnePending().prepared(id: JobID("s" + suffix)),
                    try OneUntilDone().prepared(id: JobID("d" + suffix)),
                    try OneADay().prepared(id: JobID("p" + suffix)),
                ]
            }
            let first = try jobs("1")
            #expect(try await queue.enqueue(first) == [.enqueued, .enqueued, .enqueued])
            #expect(try await queue.enqueue(try jobs("2")) == first.map { .unique(holder: $0.id) })
            let deleted = try await harness.inspector.perform(.delete, on: first.map(\.id), queue: "work")
            #expect(deleted == [.done, .done, .done])
            let second = try jobs("2")
            #expect(try await queue.enqueue(second) == [.enqueued, .enqueued, .enqueued])
            for job in second { #expect(try await harness.inspector.cancel(id: job.id, queue: "work") == .done) }
            let third = try jobs("3")
            #expect(try await queue.enqueue(third) == [.enqueued, .enqueued, .enqueued])
            let moved = try await harness.inspector.perform(.move(to: "else"), on: third.map(\.id), queue: "work")
            #expect(moved == [.done, .done, .done])
            #expect(try await queue.enqueue(try jobs("4")) == [.enqueued, .enqueued, .enqueued])
            // There, each is held by who moved first.
            let held = try await harness.inspector.perform(
                .move(to: "else"), on: try jobs("4").map(\.id), queue: "work")
            #expect(held == third.map { .uniqueHeld(by: $0.id) })
        }
    }

    @Test("of many producers at once one gets the lock, and all others learn who")
    func race() async throws {
        try await QueueHarness.run { harness in
            let other = harness.server.makeClient()
            let queues = [harness.queue, try harness.queue(over: other)]
            let results = try await withThrowingTaskGroup(of: (String, EnqueueResult).self) { group in
                for number in 0..<400 {
                    group.addTask {
                        let id = "job\(number)"
                        return (id, try await queues[number % 2].enqueue(OneUntilDone(), id: JobID(id)))
                    }
                }
                return try await group.reduce(into: [String: EnqueueResult]()) { $0[$1.0] = $1.1 }
            }
            await other.close()
            let winners = results.filter { $0.value == .enqueued }.map(\.key)
            #expect(winners.count == 1)
            let holder = JobID(try #require(winners.first))
            #expect(results.values.count { $0 == .unique(holder: holder) } == 399)
            #expect(try await harness.inspector.depth(queue: "work") == 1)
        }
    }

    @Test("within one call the first of a key wins, and another type's key is another key")
    func oneCall() async throws {
        try await QueueHarness.run { harness in
            let long = String(repeating: "long ", count: 40)
            let results = try await harness.queue.enqueue([
                try OneUntilDone().prepared(id: JobID("a")), try OneUntilDone().prepared(id: JobID("b")),
                try OnePending().prepared(id: JobID("c")), try OneADay().prepared(id: JobID("d")),
                try OneADay().prepared(id: JobID("e")), try OnePending(key: long).prepared(id: JobID("f")),
                try OnePending(key: long).prepared(id: JobID("g")),
                try OnePending(key: long + "!").prepared(id: JobID("h")),
            ])
            #expect(
                results == [
                    .enqueued, .unique(holder: JobID("a")), .enqueued, .enqueued, .unique(holder: JobID("d")),
                    .enqueued, .unique(holder: JobID("f")), .enqueued,
                ])
            let locks = try await harness.client.send(RedisCommand("HKEYS", harness.key("q:work:uniq"))).array ?? []
            #expect(locks.count == 4 && locks.compactMap(\.string).allSatisfy { $0.utf8.count <= 65 })
        }
    }

    @Test("a killed worker's job holds while it lapses, and completes elsewhere; a lock without its job is none")
    func killedWorker() async throws {
        struct Held: Job {
            static let name = "work"
            static let queue = "work"
            static let options = JobOptions(maximumLapses: 3, uniqueness: .untilDone)
            var text = "hold"
        }
        try await QueueHarness.run { harness in
            let queue = harness.queue
            try await harness.write(RedisCommand("HSET", harness.key("q:work:uniq"), "=done:gone", "ghost"))
            let lock = UniqueLock(.untilDone, name: "work", key: Array(#"{"text":"hold"}"#.utf8))
            try await harness.write(
                RedisCommand("HSET", harness.key("q:work:uniq"), RedisArgument(lock.digest), "ghost"))
            #expect(try await queue.enqueue(Held(), id: JobID("a")) == .enqueued)
            let process = try harness.startProcess()
            try await eventually("started") { try await harness.number("started:hold") == 1 }
            process.kill(SIGKILL)
            process.wait()
            #expect(try await queue.enqueue(Held(), id: JobID("b")) == .unique(holder: JobID("a")))
            let barrier = Barrier()
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Held.self) { _, context -> Void in
                notes.note("\(context.id) \(context.lapses)")
                try await barrier.wait()
            }
            try await harness.withWorker(handlers) { _ in
                try await eventually("runs again") { notes.all == ["a 1"] }
                #expect(try await queue.enqueue(Held(), id: JobID("b")) == .unique(holder: JobID("a")))
                barrier.open()
                try await eventually("completed") { try await harness.state("a") == .completed }
                #expect(try await queue.enqueue(Held(), id: JobID("b")) == .enqueued)
            }
        }
    }

    @Test("in a domain script a held lock is false and the holder, never an error")
    func domainScript() async throws {
        try await QueueHarness.run { harness in
            let script = DomainScript(
                name: "note", body: "local done, holder = enqueue(jobs[1]) return ok(tostring(done), holder or '')")
            func expect(_ id: String, _ expected: [String]) async throws {
                let reply = try await harness.queue.run(script, jobs: [try OneUntilDone().prepared(id: JobID(id))])
                #expect((reply.array ?? []).compactMap(\.string) == expected)
            }
            try await expect("a", ["1", "true", ""])
            try await expect("b", ["1", "false", "a"])
            try await expect("a", ["1", "false", ""])
        }
    }
}
