import JobQueue
import RedisClient
import Synchronization
import TestSupport
import Testing

/// Several queues in one process that has fewer places than they could use.
@Suite("Queues share a process")
struct WorkerShareTests {
    private struct Other: Job {
        static let name = "other"
        static let queue = "other"
    }

    /// Handlers that note their queue and take a millisecond; `most` is how many ran at once.
    private func handlers(_ notes: Notes, _ running: RunningCount) -> JobHandlers {
        var handlers = JobHandlers()
        handlers.register(Work.self) { _, _ -> Void in
            notes.note("work")
            try await running.during { try await Task.sleep(for: .milliseconds(1)) }
        }
        handlers.register(Other.self) { _, _ -> Void in
            notes.note("other")
            try await running.during { try await Task.sleep(for: .milliseconds(1)) }
        }
        return handlers
    }

    private func enqueue(_ harness: QueueHarness, work: Int, other: Int) async throws {
        try await harness.queue.enqueue(try (0..<work).map { _ in try Work().prepared() })
        try await harness.queue.enqueue(try (0..<other).map { _ in try Other().prepared() })
    }

    @Test("queues with a backlog get places by their weights, and no more run than the process has places")
    func weights() async throws {
        try await QueueHarness.run { harness in
            let (notes, running) = (Notes(), RunningCount())
            try await enqueue(harness, work: 400, other: 400)
            try await harness.withWorker(
                handlers(notes, running),
                queues: [WorkerQueue("work", concurrency: 8, weight: 3), WorkerQueue("other", concurrency: 8)],
                adjust: { $0.concurrency = 4 }
            ) { _ in
                try await eventually("a good part ran") { notes.all.count >= 300 }
            }
            // Both have work all the time, so the shares are exact but for the rounds at the ends.
            let others = notes.all.prefix(300).count { $0 == "other" }
            #expect((60...90).contains(others), "\(others) of 300, at one to three")
            #expect(running.most == 4)
        }
    }

    @Test("under a strict order the earlier queue goes first, as soon as it has work")
    func strict() async throws {
        try await QueueHarness.run { harness in
            let (notes, running) = (Notes(), RunningCount())
            try await enqueue(harness, work: 0, other: 900)
            try await harness.withWorker(
                handlers(notes, running), queues: [WorkerQueue("work"), WorkerQueue("other")],
                adjust: {
                    $0.concurrency = 2
                    $0.order = .strict
                }
            ) { _ in
                try await eventually("full of the later one") { notes.all.count >= 20 }
                try await enqueue(harness, work: 100, other: 0)
                try await eventually("all of the earlier one") { notes.all.count { $0 == "work" } == 100 }
            }
            let first = try #require(notes.all.firstIndex(of: "work"))
            let last = try #require(notes.all.lastIndex(of: "work"))
            // Once it is seen nothing of the other comes between, but for what had been claimed.
            #expect(last - first < 100 + 4)
            #expect(first < 600 && running.most == 2)
        }
    }

    @Test("a queue that gets work while another fills the process is not left waiting")
    func noStarvation() async throws {
        try await QueueHarness.run { harness in
            let (notes, running) = (Notes(), RunningCount())
            try await enqueue(harness, work: 1_000, other: 0)
            try await harness.withWorker(
                handlers(notes, running),
                queues: [WorkerQueue("work", concurrency: 8, weight: 100), WorkerQueue("other")],
                adjust: { $0.concurrency = 2 }
            ) { _ in
                try await eventually("full") { notes.all.count >= 20 }
                try await enqueue(harness, work: 0, other: 3)
                try await eventually("they ran") { notes.all.count { $0 == "other" } == 3 }
                #expect(notes.all.count < 1_000)
            }
        }
    }

    @Test("a process with places to spare serves every queue without a wait, also after it was full")
    func spare() async throws {
        try await QueueHarness.run { harness in
            let (notes, running) = (Notes(), RunningCount())
            try await harness.withWorker(
                handlers(notes, running), queues: [WorkerQueue("work"), WorkerQueue("other")],
                heartbeat: .seconds(10), adjust: { $0.concurrency = 1 }
            ) { _ in
                for round in 1...10 {
                    try await enqueue(harness, work: 1, other: 1)
                    try await eventually("both ran") { notes.all.count == 2 * round }
                }
            }
            #expect(notes.all.count { $0 == "other" } == 10 && running.most == 1)
        }
    }
}

/// How many ran at once, at most.
final class RunningCount: Sendable {
    private let state = Mutex((now: 0, most: 0))

    var most: Int { state.withLock { $0.most } }

    func during(_ body: () async throws -> Void) async rethrows {
        state.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
        defer { state.withLock { $0.now -= 1 } }
        try await body()
    }
}
