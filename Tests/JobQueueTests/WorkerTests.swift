import JobQueue
import RedisClient
import TestSupport
import Testing

@Suite("Worker")
struct WorkerTests {
    private struct Sent: Job {
        static let name = "sent"
        static let queue = "work"
        static let version = 2
        var text: String
    }

    @Test("higher levels are claimed first, and in a level the order of enqueue holds")
    func priorities() async throws {
        try await QueueHarness.run { harness in
            for (id, level) in [
                ("low1", JobPriority.low), ("normal1", .normal), ("high1", .high), ("low2", .low), ("normal2", .normal),
                ("high2", .high),
            ] {
                try await harness.queue.enqueue(Work(), id: JobID(id), priority: level)
            }
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context -> Void in notes.note(context.id.rawValue) }
            try await harness.withWorker(handlers, queues: [WorkerQueue("work", concurrency: 1)]) { _ in
                try await eventually("all run") { notes.all.count == 6 }
            }
            #expect(notes.all == ["high1", "high2", "normal1", "normal2", "low1", "low2"])
        }
    }

    @Test("a delayed job runs when its time has come on Redis's clock, without another hint")
    func delayed() async throws {
        try await QueueHarness.run { harness in
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context -> Void in
                let time = try await harness.client.send(RedisCommand("TIME"))
                notes.note("\(context.id):\((time[0].int ?? 0) * 1000 + (time[1].int ?? 0) / 1000)")
            }
            try await harness.withWorker(handlers) { _ in
                try await harness.queue.enqueue(Work(), id: JobID("later"), delay: .milliseconds(300))
                let due = try #require(try await harness.inspector.job(id: JobID("later"), queue: "work")?.stateAt)
                try await eventually("run") { notes.all.count == 1 }
                let ran = try #require(notes.all.first?.split(separator: ":").last.flatMap { Int64($0) })
                #expect(ran >= due)
            }
        }
    }

    @Test("a failure is tried again with its attempt counted, and dead-lettered at its budget")
    func failures() async throws {
        struct Refusal: Error, CustomStringConvertible {
            let description = "refused by the bank"
        }
        try await QueueHarness.run { harness in
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { job, context -> Void in
                notes.note("\(job.text)\(context.attempt)\(context.isLastAttempt ? "!" : "")")
                if job.text == "never" || context.attempt < 3 { throw Refusal() }
            }
            try await harness.queue.enqueue(Work(text: "never"), id: JobID("never"))
            try await harness.queue.enqueue(Work(text: "third"), id: JobID("third"))
            try await harness.withWorker(handlers) { _ in
                try await eventually("ended") {
                    let states = [try await harness.state("never"), try await harness.state("third")]
                    return states == [.dead, .completed]
                }
            }
            #expect(notes.all.sorted() == ["never1", "never2", "never3!", "third1", "third2", "third3!"])
            let dead = try #require(try await harness.inspector.job(id: JobID("never"), queue: "work"))
            #expect(dead.failures == 3 && dead.lapses == 0)
            #expect(dead.troubles.map(\.message) == Array(repeating: "refused by the bank", count: 3))
        }
    }

    @Test("a permanent failure is dead at once, retry-after sets its time, a bad payload is dead with its reason")
    func kindsOfFailure() async throws {
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Work.self) { job, _ -> Void in
                if job.text == "permanent" { throw JobFailure.permanent("no such card") }
                throw JobFailure.retry(after: .seconds(3_600), "come back")
            }
            // Version 2 of `sent` with the payload of another form.
            handlers.register(Sent.self) { _, _ -> Void in }
            struct Other: Job {
                static let name = "sent"
                static let queue = "work"
                static let version = 2
                var number = 1
            }
            try await harness.queue.enqueue(Work(text: "permanent"), id: JobID("permanent"))
            try await harness.queue.enqueue(Work(text: "later"), id: JobID("later"))
            try await harness.queue.enqueue(Other(), id: JobID("unreadable"))
            try await harness.withWorker(handlers) { _ in
                try await eventually("all ended") {
                    let status = try await harness.inspector.queue(named: "work")
                    return status.dead == 2 && status.scheduled == 1
                }
            }
            let dead = try #require(try await harness.inspector.job(id: JobID("permanent"), queue: "work"))
            #expect(dead.failures == 1 && dead.troubles.last?.message == "no such card")
            let later = try #require(try await harness.inspector.job(id: JobID("later"), queue: "work"))
            let (at, due) = (try #require(later.troubles.last?.at), try #require(later.stateAt))
            #expect(due - at == 3_600_000)
            let unreadable = try #require(try await harness.inspector.job(id: JobID("unreadable"), queue: "work"))
            #expect(unreadable.troubles.last?.message.contains("can't be decoded") == true)
        }
    }

    @Test("a version that no worker knows is parked, and runs as soon as one registers it")
    func parked() async throws {
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue(Sent(text: "new"), id: JobID("new"))
            try await harness.queue.enqueue(Work(), id: JobID("old"))
            let notes = Notes()
            var old = JobHandlers()
            old.register(Work.self) { _, context -> Void in notes.note(context.id.rawValue) }
            var new = old
            new.register(Sent.self) { job, _ -> Void in notes.note("sent \(job.text)") }
            try await harness.withWorker(old) { _ in
                try await eventually("parked") { try await harness.state("new") == .parked }
                try await eventually("the known one ran") { try await harness.state("old") == .completed }
                #expect(notes.all == ["old"])
                // Beside the old worker, as in a rolling deploy.
                try await harness.withWorker(new) { _ in
                    try await eventually("returned") { try await harness.state("new") == .completed }
                }
            }
            #expect(notes.all == ["old", "sent new"])
            #expect(try await harness.inspector.job(id: JobID("new"), queue: "work")?.failures == 0)
        }
    }

    @Test("an attempt over its time is cancelled and counts as a failure")
    func timeout() async throws {
        struct Slow: Job {
            static let name = "slow"
            static let queue = "work"
            static let options = JobOptions(maximumFailures: 1, timeout: .milliseconds(50))
        }
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Slow.self) { _, _ -> Void in try await Task.sleep(for: .seconds(60)) }
            handlers.register(Work.self) { _, _ -> Void in }
            try await harness.queue.enqueue(Slow(), id: JobID("slow"))
            try await harness.withWorker(handlers, queues: [WorkerQueue("work", concurrency: 1)]) { _ in
                try await eventually("dead") { try await harness.state("slow") == .dead }
                // The place is free again.
                try await harness.queue.enqueue(Work(), id: JobID("next"))
                try await eventually("completed") { try await harness.state("next") == .completed }
            }
            let job = try #require(try await harness.inspector.job(id: JobID("slow"), queue: "work"))
            #expect(job.troubles.last?.message.contains("took longer than") == true)
        }
    }

    @Test("no more jobs run at once than the queue's concurrency, over several queues")
    func concurrency() async throws {
        struct Other: Job {
            static let name = "other"
            static let queue = "other"
        }
        try await QueueHarness.run { harness in
            let notes = Notes()
            let barrier = Barrier()
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, _ -> Void in
                notes.note("work")
                try await barrier.wait()
            }
            handlers.register(Other.self) { _, _ -> Void in notes.note("other") }
            try await harness.queue.enqueue(try (0..<20).map { try Work().prepared(id: JobID("w\($0)")) })
            try await harness.withWorker(
                handlers, queues: [WorkerQueue("work", concurrency: 3), WorkerQueue("other", concurrency: 1)]
            ) { _ in
                try await eventually("three run") { notes.all.count == 3 }
                // A full queue does not keep the other from its work.
                try await harness.queue.enqueue(Other(), id: JobID("other"))
                try await eventually("the other ran") { try await harness.state("other", queue: "other") == .completed }
                #expect(notes.all == ["work", "work", "work", "other"])
                #expect(try await harness.inspector.queue(named: "work").running == 3)
                barrier.open()
                try await eventually("all completed") {
                    try await harness.inspector.queue(named: "work").completed == 20
                }
            }
        }
    }

    @Test("a drain lets what runs finish and hands back what waits, without blame and in order")
    func drain() async throws {
        try await QueueHarness.run { harness in
            let barrier = Barrier()
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context -> Void in
                notes.note(context.id.rawValue)
                try await barrier.wait()
            }
            try await harness.queue.enqueue(try (0..<6).map { try Work().prepared(id: JobID("w\($0)")) })
            try await harness.withWorker(handlers, queues: [WorkerQueue("work", concurrency: 2)]) { worker in
                try await eventually("two run") { notes.all.count == 2 }
                Task {
                    // Opened only when the drain has begun and the registry still shows the worker.
                    try await Task.sleep(for: .milliseconds(50))
                    barrier.open()
                }
            }
            let status = try await harness.inspector.queue(named: "work")
            #expect(status.completed == 2 && status.running == 0 && status.waiting == [0, 4, 0])
            let left = try await harness.inspector.jobs(queue: "work", state: .waiting)
            #expect(left.jobs.map(\.id.rawValue) == ["w2", "w3", "w4", "w5"])
            #expect(left.jobs.allSatisfy { $0.failures == 0 && $0.lapses == 0 })
        }
    }

    @Test("what does not end within the grace period goes back without blame, even if it ignores its cancellation")
    func graceEnds() async throws {
        try await QueueHarness.run { harness in
            let barrier = Barrier()
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { job, context -> Void in
                notes.note(context.id.rawValue)
                guard job.text == "deaf" else { return try await barrier.wait() }
                let task = Task { try await barrier.wait() }
                try await task.value
            }
            try await harness.queue.enqueue(Work(text: "deaf"), id: JobID("deaf"))
            try await harness.queue.enqueue(Work(text: "polite"), id: JobID("polite"))
            try await harness.withWorker(handlers, grace: .milliseconds(100)) { _ in
                try await eventually("both run") { notes.all.count == 2 }
            }
            for id in ["deaf", "polite"] {
                let job = try #require(try await harness.inspector.job(id: JobID(id), queue: "work"))
                #expect(job.state == .waiting && job.failures == 0 && job.lapses == 0)
            }
            barrier.open()
        }
    }

    @Test("an idle worker sends at most a few commands a second, and a hint wakes it")
    func idle() async throws {
        try await QueueHarness.run { harness in
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context -> Void in notes.note(context.id.rawValue) }
            try await harness.withWorker(handlers, heartbeat: .seconds(10)) { _ in
                try await eventually("blocked") {
                    try await harness.client.send(RedisCommand("INFO", "clients")).string?.contains(
                        "blocked_clients:1") == true
                }
                for number in 0..<20 {
                    try await harness.queue.enqueue(Work(), id: JobID("w\(number)"))
                    try await eventually("run") { notes.all.count == number + 1 }
                }
            }
            let statistics = try await harness.client.send(RedisCommand("INFO", "commandstats")).string ?? ""
            let calls = statistics.split(separator: "\r\n").first { $0.contains("cmdstat_bzpopmin:") }?
                .split(separator: "calls=")[1].prefix { $0 != "," }
            // One block per job and a few more; polling would make hundreds.
            #expect(calls.flatMap { Int($0) } ?? .max < 60)
        }
    }
}
