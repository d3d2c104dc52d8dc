import Foundation
import RedisClient
import TestSupport
import Testing

@testable import JobQueue

/// Operators stop what runs, wherever it runs.
@Suite("Cancellation of running jobs")
struct WorkerCancelTests {
    /// Handlers that wait until they are told to go on or to stop.
    private func handlers(_ notes: Notes, _ barrier: Barrier, ignoring: Bool = false) -> JobHandlers {
        var handlers = JobHandlers()
        handlers.register(
            effect: EffectDefinition(
                name: "add", body: "return { apply = function(args) redis.call('INCR', NS .. args[1]) end }"))
        handlers.register(Work.self) { _, context -> Completion in
            notes.note("started \(context.id)")
            do {
                try await barrier.wait()
            } catch {
                notes.note("stopped \(context.id)")
                if !ignoring { throw error }
            }
            return Completion(effects: [Effect("add", arguments: ["sum"])])
        }
        return handlers
    }

    private func expectNoRequests(_ harness: QueueHarness) async throws {
        #expect(try await harness.client.send(RedisCommand("EXISTS", harness.key("q:work:cancel"))).int == 0)
        #expect(try await harness.meta("cancels") == "0")
    }

    @Test("a running job is stopped where it runs, is dead as cancelled with its reason, and is not tried again")
    func cancelled() async throws {
        try await QueueHarness.run { harness in
            let (notes, barrier) = (Notes(), Barrier())
            // Beats are far apart: the message does it.
            try await harness.withWorker(handlers(notes, barrier), heartbeat: .seconds(10)) { _ in
                try await harness.queue.enqueue(Work(), id: JobID("bad"))
                try await harness.queue.enqueue(Work(), id: JobID("good"))
                try await eventually("both run") { notes.all.count == 2 }
                let listeners = RedisCommand("PUBSUB", "NUMSUB", harness.key("control"))
                try await eventually("it listens") { try await harness.client.send(listeners)[1].int == 1 }
                _ = try await harness.inspector.cancel(id: JobID("bad"), queue: "work", reason: "the order is void")
                try await eventually("dead") { try await harness.state("bad") == .dead }
                barrier.open()
                try await eventually("completed") { try await harness.state("good") == .completed }
            }
            #expect(notes.all.sorted() == ["started bad", "started good", "stopped bad"])
            let job = try #require(try await harness.inspector.job(id: JobID("bad"), queue: "work"))
            #expect(job.troubles.map(\.message) == ["cancelled: the order is void"] && job.failures == 0)
            #expect(try await harness.number("sum") == 1)
            try await expectNoRequests(harness)
        }
    }

    @Test("a request whose message was lost is heard with the next beat")
    func lostMessage() async throws {
        try await QueueHarness.run { harness in
            let (notes, barrier) = (Notes(), Barrier())
            try await harness.queue.enqueue(Work(), id: JobID("bad"))
            try await harness.withWorker(handlers(notes, barrier), heartbeat: .milliseconds(100)) { _ in
                try await eventually("runs") { notes.all.count == 1 }
                _ = try await harness.client.send(RedisCommand("HSET", harness.key("q:work:cancel"), "bad", "by hand"))
                _ = try await harness.client.send(RedisCommand("HINCRBY", harness.key("q:work:meta"), "cancels", 1))
                try await eventually("dead") { try await harness.state("bad") == .dead }
            }
            try await expectNoRequests(harness)
        }
    }

    @Test("a handler that completes all the same has completed")
    func completesAllTheSame() async throws {
        try await QueueHarness.run { harness in
            let (notes, barrier) = (Notes(), Barrier())
            try await harness.queue.enqueue(Work(), id: JobID("job"))
            try await harness.withWorker(handlers(notes, barrier, ignoring: true)) { _ in
                try await eventually("runs") { notes.all.count == 1 }
                _ = try await harness.inspector.cancel(id: JobID("job"), queue: "work")
                try await eventually("completed") { try await harness.state("job") == .completed }
            }
            #expect(try await harness.number("sum") == 1)
            try await expectNoRequests(harness)
        }
    }

    @Test("a killed job's handler is stopped, and its effects are not applied")
    func killed() async throws {
        try await QueueHarness.run { harness in
            let (notes, barrier) = (Notes(), Barrier())
            try await harness.queue.enqueue(Work(), id: JobID("job"))
            try await harness.withWorker(handlers(notes, barrier, ignoring: true)) { worker in
                try await eventually("runs") { notes.all.count == 1 }
                _ = try await harness.inspector.kill(id: JobID("job"), queue: "work", reason: "now")
                #expect(try await harness.state("job") == .dead)
                try await eventually("stopped") { notes.all.count == 2 }
                try await eventually("known as lost") { try await harness.registry(worker, "lost") == "1" }
            }
            #expect(try await harness.number("sum") == 0)
            #expect(try await harness.state("job") == .dead)
        }
    }

    @Test(
        "a job that is asked to stop ends as cancelled, whatever else becomes of it",
        arguments: ["failure", "release", "parking", "lapse"])
    func endsOtherwise(how: String) async throws {
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue(Work(), id: JobID("job"))
            let isLapse = how == "lapse"
            let reply = try await harness.send(turn(1, claim: 1), lease: isLapse ? .milliseconds(300) : .seconds(30))
            let result = try await harness.inspector.cancel(id: JobID("job"), queue: "work", reason: "void")
            #expect(result == .requested)
            switch how {
            case "failure":
                let outcome = Outcome.failed(delay: .zero, isPermanent: false, message: "no")
                _ = try await harness.send(turn(2, ends: reply.claimed, outcome))
            case "release":
                _ = try await harness.send(turn(2, ends: reply.claimed, .released(list: "p1")))
            case "parking":
                _ = try await harness.send(turn(2, ends: reply.claimed, .parked(type: "work@1")))
            default:
                try await eventually("reaped") {
                    let number = Int64(try await harness.number("turns"))
                    _ = try await harness.client.send(RedisCommand("INCR", harness.key("turns")))
                    _ = try await harness.send(turn(number + 1, claim: 0), worker: "w2")
                    return try await harness.state("job") != .running
                }
            }
            #expect(try await harness.state("job") == .dead)
            let job = try #require(try await harness.inspector.job(id: JobID("job"), queue: "work"))
            #expect(job.troubles.last?.message == "cancelled: void")
            let status = try await harness.inspector.queue(named: "work")
            #expect(status.depth == 0 && status.running == 0 && status.scheduled == 0 && status.parked == 0)
            try await expectNoRequests(harness)
        }
    }

    @Test("a quiet worker finishes what it runs and claims nothing until it is resumed")
    func commands() async throws {
        try await QueueHarness.run { harness in
            let (notes, barrier) = (Notes(), Barrier())
            try await harness.queue.enqueue(Work(), id: JobID("first"))
            try await harness.withWorker(handlers(notes, barrier)) { worker in
                try await eventually("runs") { notes.all.count == 1 }
                try await eventually("registered") { try await harness.registry(worker, "state") == "running" }
                try await harness.inspector.tell(worker: worker.id, .quiet)
                try await eventually("quiet") { try await harness.registry(worker, "state") == "quiet" }
                barrier.open()
                try await eventually("completed") { try await harness.state("first") == .completed }
                try await harness.queue.enqueue(Work(), id: JobID("second"))
                // Another worker has it: the quiet one took no hint away.
                let other = Notes()
                try await harness.withWorker(handlers(other, barrier)) { _ in
                    try await eventually("completed") { try await harness.state("second") == .completed }
                }
                #expect(other.all == ["started second"] && notes.all == ["started first"])
                try await harness.queue.enqueue(Work(), id: JobID("third"))
                try await harness.inspector.tell(worker: worker.id, .resume)
                try await eventually("completed") { try await harness.state("third") == .completed }
                #expect(notes.all == ["started first", "started third"])
            }
        }
    }

    @Test("a worker that is told to stop drains and ends", .timeLimit(.minutes(1)))
    func stopped() async throws {
        try await QueueHarness.run { harness in
            let (notes, barrier) = (Notes(), Barrier())
            let worker = JobWorker(
                queue: harness.queue, handlers: handlers(notes, barrier),
                configuration: JobWorkerConfiguration(queues: [WorkerQueue("work")]), logger: .quiet)
            try await harness.queue.enqueue(Work(), id: JobID("job"))
            let run = Task { try await worker.run() }
            try await eventually("runs") { notes.all.count == 1 }
            try await eventually("registered") { try await harness.inspector.workers().count == 1 }
            try await harness.inspector.tell(worker: worker.id, .stop)
            barrier.open()
            try await run.value
            #expect(try await harness.state("job") == .completed)
            #expect(try await harness.inspector.workers().isEmpty)
        }
    }
}
