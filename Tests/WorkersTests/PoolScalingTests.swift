import Foundation
import JobQueue
import TestSupport
import Testing

/// A short form of scripts/scaler-plot: real processes, jobs that sleep.
@Suite("A pool that scales", .serialized)
struct PoolScalingTests {
    /// One process of two places does ten jobs a second; forty wait at once, then sixteen come a second, and four
    /// processes are allowed.
    @Test("a step of load starts processes until the wait is back under its goal, and none is stopped meanwhile")
    func step() async throws {
        let fixture = try await PoolFixture.start(
            "pool-test-worker", processes: 1, most: 4,
            extra: ["--workers-mail-concurrency", "2", "--workers-mail-latency-goal-ms", "1000"])
        try await fixture.eventually("it is ready") { fixture.pid("mail-1") != nil }
        let load = Task { try await Self.load(fixture) }
        let registry = PoolRegistry(queue: fixture.queue)
        let inspector = QueueInspector(queue: fixture.queue)
        var wanted: [Int] = []
        var wasLate = false
        // Ten looks in a row under the goal, after one above it, while the load goes on.
        var calm = 0
        try await fixture.eventually("the wait is back under its goal, wanted \(wanted), was late: \(wasLate)") {
            let shares = try await registry.view().pools.flatMap(\.shares).filter { $0.queue == "mail" }
            let now = shares.reduce(0) { $0 + $1.wanted }
            if now != wanted.last, now > 0 { wanted.append(now) }
            let isLate = (try await inspector.queue(named: "mail").latencyMilliseconds ?? 0) > 1000
            wasLate = wasLate || isLate
            calm = isLate ? 0 : calm + 1
            return wasLate && calm >= 10
        }
        load.cancel()
        _ = await load.result
        #expect(wanted.first == 1)
        #expect(wanted.last ?? 0 > 1)
        #expect(wanted == wanted.sorted())
        #expect(wanted.allSatisfy { (1...4).contains($0) })
        await fixture.stop()
    }

    /// Jobs of 200 ms: so many at once that one process is late for certain, then sixteen a second until cancelled.
    private static func load(_ fixture: PoolFixture) async throws {
        try await fixture.queue.enqueue(jobs(40))
        var next = ContinuousClock.now
        while !Task.isCancelled {
            try await fixture.queue.enqueue(jobs(4))
            next += .milliseconds(250)
            try await Task.sleep(until: next, clock: .continuous)
        }
    }

    private static func jobs(_ count: Int) throws -> [PreparedJob] {
        try (0..<count).map { _ in
            try PreparedJob(
                queue: "mail", name: "pool-test", version: 1, payload: #"{"kind":"sleeps","amount":200}"#)
        }
    }
}
