import Foundation
import JobQueue
import RedisClient
import TestSupport
import Testing

/// Failures of a worker process, made with signals to a true one.
@Suite("A worker process fails", .serialized)
struct FailureProcessTests {
    private func startProcess(_ harness: QueueHarness, lease: Int = 1_000, concurrency: Int = 4) throws -> ChildProcess
    {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let executable = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appendingPathComponent("queue-test-worker").path
        return try ChildProcess(executable, [harness.server.socketPath, "\(lease)", "\(concurrency)"])
    }

    /// Handlers of this process, which complete everything with the same effect as the other.
    private func handlers(_ harness: QueueHarness, _ notes: Notes) -> JobHandlers {
        var handlers = JobHandlers()
        handlers.register(
            effect: EffectDefinition(
                name: "add", body: "return { apply = function(args) redis.call('INCR', NS .. args[1]) end }"))
        handlers.register(Work.self) { _, context in
            let time = try await harness.client.send(RedisCommand("TIME"))
            notes.note("\(context.lapses) \((time[0].int ?? 0) * 1000 + (time[1].int ?? 0) / 1000)")
            return Completion(effects: [Effect("add", arguments: ["sum"])])
        }
        return handlers
    }

    @Test("SIGKILL: the job is claimed again after its lease, and completes elsewhere with one lapse")
    func killed() async throws {
        try await QueueHarness.run { harness in
            let process = try startProcess(harness)
            try await harness.queue.enqueue(Work(text: "hold"), id: JobID("held"))
            try await eventually("started") { try await harness.number("started:hold") == 1 }
            process.kill(SIGKILL)
            process.wait()
            let running = try #require(try await harness.inspector.job(id: JobID("held"), queue: "work"))
            #expect(running.state == .running)
            let expiry = try #require(running.stateAt)
            let notes = Notes()
            try await harness.withWorker(handlers(harness, notes), lease: .seconds(1)) { _ in
                try await eventually("completed") { try await harness.state("held") == .completed }
            }
            let fields = try #require(notes.all.first).split(separator: " ").compactMap { Int64($0) }
            #expect(notes.all.count == 1 && fields[0] == 1)
            // Not before the lease ended, and within the promised second (three on a machine that is busy).
            #expect(fields[1] >= expiry && fields[1] <= expiry + 3_000)
            #expect(try await harness.number("sum") == 1)
        }
    }

    @Test("SIGSTOP past the lease, then SIGCONT: the stale process can't complete, the effect happens once")
    func frozen() async throws {
        try await QueueHarness.run { harness in
            let process = try startProcess(harness)
            try await harness.queue.enqueue(Work(text: "hold"), id: JobID("held"))
            try await eventually("started") { try await harness.number("started:hold") == 1 }
            process.kill(SIGSTOP)
            let notes = Notes()
            try await harness.withWorker(handlers(harness, notes), lease: .seconds(1)) { _ in
                try await eventually("completed elsewhere") { try await harness.state("held") == .completed }
            }
            #expect(try await harness.number("sum") == 1)
            _ = try await harness.client.send(RedisCommand("SET", harness.key("go"), 1))
            process.kill(SIGCONT)
            try await eventually("the stale handler came back") { try await harness.number("returned") == 1 }
            // What it has to say is said before it leaves.
            process.kill(SIGTERM)
            process.wait()
            #expect(try await harness.number("sum") == 1)
            let status = try await harness.inspector.queue(named: "work", minutes: 2)
            #expect(status.minutes.reduce(0) { $0 + $1.completed } == 1)
            #expect(status.completed == 1 && status.running == 0 && status.depth == 0 && status.scheduled == 0)
        }
    }

    @Test("a job that kills its process is dead-lettered, and its neighbours complete")
    func poison() async throws {
        try await QueueHarness.run { harness in
            let texts = (0..<12).map { $0 == 3 ? "die" : "fine\($0)" }
            try await harness.queue.enqueue(texts.map { try Work(text: $0).prepared(id: JobID($0)) })
            var process = try startProcess(harness)
            try await eventually("all ended") {
                if !process.isRunning { process = try startProcess(harness) }
                let status = try await harness.inspector.queue(named: "work")
                return status.dead == 1 && status.completed == 11
            }
            process.kill(SIGTERM)
            process.wait()
            let dead = try #require(try await harness.inspector.job(id: JobID("die"), queue: "work"))
            #expect(dead.state == .dead && dead.lapses == 2 && dead.failures == 0)
            #expect(try await harness.number("started:die") == 2)
            #expect(try await harness.number("sum") == 11)
        }
    }

    @Test("a lapsed job runs alone, and gets its turn in a process that is never idle")
    func suspectRunsAlone() async throws {
        try await QueueHarness.run { harness in
            let process = try startProcess(harness)
            try await harness.queue.enqueue(Work(text: "hold"), id: JobID("held"))
            try await eventually("started") { try await harness.number("started:hold") == 1 }
            process.kill(SIGKILL)
            process.wait()
            // Two seconds of work for two places: more than the lease.
            try await harness.queue.enqueue(try (0..<400).map { try Work(text: "busy").prepared(id: JobID("w\($0)")) })
            let running = Notes()
            let ended = Notes()
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { job, context -> Void in
                running.note(job.text)
                if job.text == "hold" { notes.note("lapses \(context.lapses)") }
                let others = running.all.count - ended.all.count - 1
                try await Task.sleep(for: .milliseconds(10))
                if job.text == "hold" { notes.note("others \(others)") }
                ended.note(job.text)
            }
            try await harness.withWorker(handlers, lease: .seconds(1)) { _ in
                try await eventually("all completed") {
                    try await harness.inspector.queue(named: "work").completed == 401
                }
            }
            #expect(notes.all == ["lapses 1", "others 0"])
            #expect(ended.all.last == "busy")
        }
    }

    @Test("handlers that block every thread of the pool keep their leases")
    func blockedPool() async throws {
        try await QueueHarness.run { harness in
            let process = try startProcess(harness, concurrency: 16)
            try await harness.queue.enqueue(try (0..<4).map { try Work(text: "block").prepared(id: JobID("b\($0)")) })
            try await eventually("started") { try await harness.number("started:block") > 0 }
            let notes = Notes()
            // Idle, and at hand for every lease that would run out.
            try await harness.withWorker(handlers(harness, notes), lease: .seconds(1)) { _ in
                // Blocked for longer than `eventually` waits when the pool has one thread.
                for _ in 0..<6_000 where try await harness.inspector.queue(named: "work").completed < 4 {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            process.kill(SIGTERM)
            process.wait()
            let status = try await harness.inspector.queue(named: "work", minutes: 2)
            #expect(status.minutes.reduce(0) { $0 + $1.lapsed } == 0)
            #expect(try await harness.number("sum") == 4)
        }
    }
}
