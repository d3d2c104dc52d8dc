import JobQueue
import Metrics
import MetricsTestKit
import RedisClient
import TestSupport
import Testing

@Suite("Metrics")
struct MetricsTests {
    private struct Other: Job {
        static let name = "other"
        static let queue = "work"
    }

    private struct Unknown: Job {
        static let name = "unknown-here"
        static let queue = "work"
    }

    private func total(_ metrics: TestMetrics, _ name: String, type: String? = nil) -> Int64 {
        let dimensions = [("queue", "work")] + (type.map { [("type", $0)] } ?? [])
        return metrics.counterTotal(label: "jobqueue_\(name)_total", dimensions: dimensions)
    }

    private func timed(_ metrics: TestMetrics, _ name: String, type: String? = nil) -> Int {
        let dimensions = [("queue", "work")] + (type.map { [("type", $0)] } ?? [])
        let timers = metrics.timers(label: "jobqueue_\(name)_seconds", dimensions: dimensions)
        return timers.reduce(0) { $0 + $1.values.count }
    }

    @Test("what became of jobs is counted by queue and type, and timed")
    func counts() async throws {
        let metrics = TestMetrics()
        try await withMetricsFactory(metrics) {
            try await QueueHarness.run { harness in
                var handlers = JobHandlers()
                handlers.register(Work.self) { job, _ in
                    if job.text == "fails" { throw JobFailure.retry(after: .zero, "no") }
                    if job.text == "permanent" { throw JobFailure.permanent("no") }
                }
                handlers.register(Other.self) { _, _ in }
                try await harness.queue.enqueue(Work(), id: JobID("one"))
                try await harness.queue.enqueue(Work(), id: JobID("one"))
                var jobs = try (0..<20).map { try Work().prepared(id: JobID("w\($0)")) }
                jobs += try (0..<30).map { try Other().prepared(id: JobID("o\($0)")) }
                jobs += [try Work().prepared(id: JobID("w1"))]
                try await harness.queue.enqueue(jobs)
                // Three failures dead-letter it.
                try await harness.queue.enqueue(Work(text: "fails"), id: JobID("fails"))
                try await harness.queue.enqueue(Work(text: "permanent"), id: JobID("permanent"))
                try await harness.queue.enqueue(Unknown(), id: JobID("unknown"))
                try await harness.withWorker(handlers, queues: [WorkerQueue("work", concurrency: 8)]) { _ in
                    try await eventually("all ended") {
                        let status = try await harness.inspector.queue(named: "work")
                        return status.completed == 51 && status.dead == 2 && status.parked == 1
                    }
                }
            }
        }
        #expect(total(metrics, "enqueued") == 54 && total(metrics, "duplicates") == 2)
        #expect(total(metrics, "completed", type: "work") == 21 && total(metrics, "completed", type: "other") == 30)
        #expect(total(metrics, "failed") == 4 && total(metrics, "failed", type: "work") == 4)
        #expect(total(metrics, "retried") == 2 && total(metrics, "dead") == 2)
        #expect(total(metrics, "parked") == 1 && total(metrics, "leases_lost") == 0 && total(metrics, "lapsed") == 0)
        #expect(timed(metrics, "run_duration", type: "work") == 25)
        #expect(timed(metrics, "run_duration", type: "other") == 30)
        let claims = metrics.recorders(label: "jobqueue_claim_batch_size").flatMap(\.values)
        // Each failure that was tried again is claimed again.
        #expect(claims.reduce(0, +) == 56)
        let waits = timed(metrics, "wait_duration")
        #expect(waits > 0 && waits <= claims.count)
        #expect(timed(metrics, "turn_duration") >= claims.count)
    }

    @Test("lost leases, releases, cancellations and abandoned handlers are counted")
    func losses() async throws {
        struct Deaf: Job {
            static let name = "deaf"
            static let queue = "work"
            static let options = JobOptions(maximumFailures: 1, timeout: .milliseconds(20))
        }
        let metrics = TestMetrics()
        let barrier = Barrier()
        try await withMetricsFactory(metrics) {
            try await QueueHarness.run { harness in
                let notes = Notes()
                var handlers = JobHandlers()
                handlers.register(Deaf.self) { _, _ in
                    let task = Task { try await barrier.wait() }
                    try await task.value
                }
                handlers.register(Work.self) { _, context in
                    notes.note("\(context.id)\(context.attempt)")
                    if context.attempt == 1 { try await Barrier().wait() }
                }
                try await harness.withWorker(
                    handlers, grace: .milliseconds(20), adjust: { $0.abandonAfter = .milliseconds(50) }
                ) { _ in
                    try await harness.queue.enqueue(Work(), id: JobID("lapses"))
                    try await eventually("runs") { notes.all == ["lapses1"] }
                    try await harness.lapse()
                    try await eventually("runs again") { try await harness.state("lapses") == .completed }
                    try await harness.queue.enqueue(Work(), id: JobID("cancelled"))
                    try await eventually("runs") { notes.all.last == "cancelled1" }
                    _ = try await harness.inspector.cancel(id: JobID("cancelled"), queue: "work")
                    try await eventually("cancelled") { try await harness.state("cancelled") == .dead }
                    try await harness.queue.enqueue(Deaf(), id: JobID("deaf"))
                    try await eventually("given up") { try await harness.state("deaf") == .dead }
                    try await harness.queue.enqueue(Work(), id: JobID("drained"))
                    try await eventually("runs") { notes.all.last == "drained1" }
                }
                barrier.open()
            }
        }
        #expect(total(metrics, "lapsed") == 1 && total(metrics, "leases_lost") == 1)
        #expect(total(metrics, "cancelled") == 1 && total(metrics, "abandoned") == 1)
        #expect(total(metrics, "released") == 1)
        #expect(total(metrics, "dead", type: "deaf") == 1)
    }
}
