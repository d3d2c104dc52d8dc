import Foundation
import RedisClient
import TestSupport
import Testing

@testable import JobQueue

/// Layout 1 is written out here as the code of that time wrote it, so that it stays readable whatever becomes of ours.
@Suite("Schema")
struct SchemaTests {
    private func envelope(_ text: String, level: Int = 1, failures: Int = 3, lapses: Int = 2) -> RedisArgument {
        "\(level) 1763971200000 0 work 1 \(failures) \(lapses) 600000 60000 trace-\(text)\n{\"text\":\"\(text)\"}"
    }

    private func writeSchemaOne(_ harness: QueueHarness) async throws {
        func send(_ command: String, _ key: String, _ arguments: RedisArgument...) async throws {
            try await harness.write(RedisCommand(command, [harness.key(key)] + arguments))
        }
        try await harness.write(RedisCommand("FLUSHALL"))
        let now = try await harness.client.send(RedisCommand("TIME"))[0].int ?? 0
        try await send("SET", "queue:schema", 1)
        try await send("SADD", "queues", "work")
        for level in 0..<3 {
            let id = "waiting\(level)"
            try await send("HSET", "q:work:jobs", RedisArgument(id), envelope(id, level: level))
            try await send("LPUSH", "q:work:p\(level)", RedisArgument(id))
        }
        for id in ["suspect", "leased", "lapsing", "due", "soon", "parked"] {
            try await send("HSET", "q:work:jobs", RedisArgument(id), envelope(id))
        }
        try await send("LPUSH", "q:work:suspect", "suspect")
        try await send("HSET", "q:work:hist", "suspect", #"{"f":0,"l":1,"e":[{"t":1,"k":"l","m":"lapsed"}]}"#)
        try await send("ZADD", "q:work:lease", RedisArgument(now * 1000 + 1_000), "leased:7")
        try await send("ZADD", "q:work:lease", RedisArgument(now * 1000 - 1_000), "lapsing:8")
        try await send("HSET", "q:work:meta", "epoch", 8)
        try await send("ZADD", "q:work:due", RedisArgument(now * 1000 - 5), "due")
        try await send("HSET", "q:work:hist", "due", #"{"e":[{"t":1,"k":"f","m":"no"}],"f":2,"l":0}"#)
        try await send("ZADD", "q:work:due", RedisArgument(now * 1000 + 1_500), "soon")
        try await send("ZADD", "q:work:parked", 0, "work@1:parked")
        try await send("HSET", "q:work:jobs", "deleted", "")
        try await send("LPUSH", "q:work:p1", "deleted")
        try await send("HSET", "q:work:morgue", "dead", envelope("dead"))
        try await send("ZADD", "q:work:dead", RedisArgument(now * 1000), "dead")
        try await send("HSET", "q:work:hist", "dead", #"{"f":3,"l":0,"e":[{"t":1,"k":"f","m":"no"}]}"#)
        try await send("ZADD", "q:work:done", RedisArgument(now * 1000 + 600_000), "done")
        try await send("HSET", "q:work:result", "done", "42")
        try await send("HSET", "q:work:result", "orphan", "0")
        try await send("HSET", "q:work:stat:\(now / 60)", "enqueued", 12)
    }

    @Test("a namespace of schema 1 with jobs in every state is drained by a worker of today")
    func drained() async throws {
        try await QueueHarness.run { harness in
            try await writeSchemaOne(harness)
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { job, context -> Void in
                notes.note("\(context.id) \(job.text) \(context.failures) \(context.lapses) \(context.traceID ?? "")")
            }
            try await harness.withWorker(handlers) { _ in
                try await eventually("all ran") { notes.all.count == 9 }
                #expect(try await harness.state("dead") == .dead)
                #expect(try await harness.inspector.perform(.retry, on: JobID("dead"), queue: "work") == .done)
                try await eventually("the dead one too") { try await harness.state("dead") == .completed }
            }
            let plain = ["waiting0", "waiting1", "waiting2", "soon", "parked", "dead"].map {
                "\($0) \($0) 0 0 trace-\($0)"
            }
            let troubled = ["suspect suspect 0 1", "leased leased 0 1", "lapsing lapsing 0 1", "due due 2 0"].map {
                "\($0) trace-\($0.split(separator: " ")[0])"
            }
            #expect(Set(notes.all) == Set(plain + troubled) && notes.all.count == 10)
            #expect(try await harness.number("queue:schema") == JobQueue.schemaVersion)
            for (command, part) in [
                ("HLEN", "jobs"), ("LLEN", "p0"), ("LLEN", "p1"), ("LLEN", "p2"), ("LLEN", "suspect"),
                ("ZCARD", "lease"), ("ZCARD", "due"), ("ZCARD", "parked"), ("HLEN", "hist"),
            ] {
                #expect(try await harness.client.send(RedisCommand(command, harness.key("q:work:\(part)"))).int == 0)
            }
            // What was remembered is remembered, and the result is kept as long as it was promised.
            #expect(try await harness.queue.enqueue(Work(), id: JobID("done")) == .duplicate)
            #expect(try await harness.inspector.job(id: JobID("done"), queue: "work")?.result == "42")
        }
    }

    @Test("many processes that start at once migrate together, in bounded steps, and again changes nothing")
    func concurrent() async throws {
        try await QueueHarness.run { harness in
            try await writeSchemaOne(harness)
            for first in stride(from: 0, to: 3_000, by: 500) {
                let range = first..<(first + 500)
                try await harness.write(
                    RedisCommand(
                        "HSET",
                        [harness.key("q:work:result")] + range.flatMap { ["r\($0)", "text"] as [RedisArgument] }))
                try await harness.write(
                    RedisCommand(
                        "ZADD",
                        [harness.key("q:work:done")]
                            + range.flatMap { [RedisArgument(4_000_000_000_000 + $0), "r\($0)"] as [RedisArgument] }))
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await harness.queue.prepare() } }
                try await group.waitForAll()
            }
            #expect(try await harness.client.send(RedisCommand("ZCARD", harness.key("q:work:kept"))).int == 3_001)
            let score = try await harness.client.send(RedisCommand("ZSCORE", harness.key("q:work:kept"), "r7"))
            #expect(score.int == 4_000_000_000_007)
            #expect(
                try await harness.client.send(RedisCommand("HEXISTS", harness.key("q:work:result"), "orphan")).int == 0)
            #expect(try await harness.client.send(RedisCommand("EXISTS", harness.key("queue:migrating"))).int == 0)
            try await harness.queue.prepare()
            #expect(try await harness.client.send(RedisCommand("ZCARD", harness.key("q:work:kept"))).int == 3_001)
        }
    }

    @Test("a migration that a crash interrupted after the number rose is finished by the next process")
    func interrupted() async throws {
        try await QueueHarness.run { harness in
            try await writeSchemaOne(harness)
            try await harness.write(RedisCommand("SET", harness.key("queue:schema"), 2))
            try await harness.write(RedisCommand("SET", harness.key("queue:migrating"), 1))
            try await harness.queue.prepare()
            #expect(try await harness.client.send(RedisCommand("ZCARD", harness.key("q:work:kept"))).int == 1)
            #expect(try await harness.client.send(RedisCommand("EXISTS", harness.key("queue:migrating"))).int == 0)
        }
    }

    @Test("a newer layout is refused with what to do, by the queue and by a worker, and nothing is changed")
    func newer() async throws {
        try await QueueHarness.run { harness in
            try await harness.write(RedisCommand("SET", harness.key("queue:schema"), 99))
            let error = await #expect(throws: JobQueueError.self) { try await harness.queue.prepare() }
            #expect(error?.code == .schemaMismatch)
            #expect(error?.message.contains("layout 99") == true && error?.message.contains("Start a release") == true)
            let worker = JobWorker(
                queue: harness.queue, handlers: JobHandlers(),
                configuration: JobWorkerConfiguration(queues: [WorkerQueue("work")]), logger: .quiet)
            let refused = await #expect(throws: JobQueueError.self) { try await worker.run() }
            #expect(refused?.code == .schemaMismatch)
            #expect(try await harness.number("queue:schema") == 99)
            #expect(try await harness.client.send(RedisCommand("DBSIZE")).int == 1)
        }
    }
}
