import Foundation
@testable import JobQueue
import RedisClient
import Synchronization
import TestSupport
import Testing

/// Limits that hold over all workers of a queue.
@Suite("Limits across workers", .serialized)
struct WorkerLimitTests {
    @Test("never more than n leases live, over several workers and one that is killed, and every job completes")
    func concurrency() async throws {
        try await QueueHarness.run { harness in
            try await harness.inspector.setLimits(queue: "work", QueueLimits(concurrency: 3))
            let most = Mutex((leases: 0, running: 0, now: 0))
            var handlers = JobHandlers()
            handlers.register(
                effect: EffectDefinition(
                    name: "add", body: "return { apply = function(args) redis.call('INCR', NS .. args[1]) end }"))
            handlers.register(Work.self) { _, _ -> Completion in
                most.withLock {
                    $0.now += 1
                    $0.running = max($0.running, $0.now)
                }
                let leases = try await harness.client.send(RedisCommand("ZCARD", harness.key("q:work:lease"))).int ?? 0
                most.withLock {
                    $0.leases = max($0.leases, leases)
                    $0.now -= 1
                }
                return Completion(effects: [Effect("add", arguments: ["sum"])])
            }
            let process = try harness.startProcess(lease: 500)
            try await harness.queue.enqueue(Work(text: "hold"), id: JobID("held"))
            try await eventually("started") { try await harness.number("started:hold") == 1 }
            process.kill(SIGKILL)
            process.wait()
            // Its lease is not over yet, so it still counts.
            try await harness.queue.enqueue(try (0..<200).map { try Work().prepared(id: JobID("w\($0)")) })
            let all = handlers
            try await harness.withWorker(all) { _ in
                try await harness.withWorker(all) { _ in
                    try await harness.withWorker(all, queues: [WorkerQueue("work", concurrency: 8)]) { _ in
                        try await eventually("all completed") {
                            try await harness.inspector.queue(named: "work").completed == 201
                        }
                    }
                }
            }
            #expect(try await harness.number("sum") == 201)
            let (leases, running, _) = most.withLock { $0 }
            #expect(leases == 3 && running <= 3, "\(leases) leases, \(running) running")
        }
    }

    @Test("no more starts than burst and rate allow in any span, over two workers, and every job completes")
    func rate() async throws {
        let (count, span, burst) = (20, 200, 4)
        try await QueueHarness.run { harness in
            try await harness.inspector.setLimits(
                queue: "work",
                QueueLimits(rate: .init(count, per: .milliseconds(Int64(span)), burst: burst)))
            let starts = Mutex<[Int]>([])
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, context -> Void in
                // The claim's own time on Redis's clock: its lease began then.
                let leases = try await harness.client.send(
                    RedisCommand("ZRANGE", harness.key("q:work:lease"), 0, -1, "WITHSCORES"))
                let flat = (leases.array ?? []).compactMap(\.string)
                let index = try #require(flat.firstIndex { $0.hasPrefix("\(context.id):") })
                let expiry = try #require(Int(flat[index + 1]))
                starts.withLock { $0.append(expiry - 30_000) }
            }
            try await harness.queue.enqueue(try (0..<60).map { try Work().prepared(id: JobID("w\($0)")) })
            let all = handlers
            try await harness.withWorker(all, heartbeat: .seconds(10)) { _ in
                try await harness.withWorker(all, heartbeat: .seconds(10)) { _ in
                    try await eventually("all completed") {
                        try await harness.inspector.queue(named: "work").completed == 60
                    }
                }
            }
            let times = starts.withLock { $0.sorted() }
            #expect(times.count == 60)
            for first in times.indices {
                for last in first..<times.count {
                    // A claim's time is cut to a millisecond, so a span may look one shorter than it is.
                    let allowed = burst + count * (times[last] - times[first] + 1) / span
                    #expect(last - first + 1 <= allowed, "\(times[first]) to \(times[last])")
                }
            }
        }
    }

    @Test("a limited queue is not claimed ahead, and a place that nobody takes wakes one blocked worker")
    func freedLease() async throws {
        try await QueueHarness.run { harness in
            try await harness.inspector.setLimits(queue: "work", QueueLimits(concurrency: 2))
            try await harness.queue.enqueue(try (0..<5).map { try Work().prepared(id: JobID("w\($0)")) })
            var ahead = Turn(number: 1, endings: [], claim: 64, free: 1, isIdle: true, ranMicroseconds: 0)
            let one = try await harness.send(ahead)
            #expect(one.claimed.count == 1 && one.isLimited && one.isMoreLeft)
            let two = try await harness.send(turn(1, claim: 4), worker: "w2")
            #expect(two.claimed.count == 1 && !two.isMoreLeft)
            _ = try await harness.takeHint()
            // Nothing is left: no hint, no claim, and nothing that could make it come again at once.
            let none = try await harness.send(turn(1, claim: 4), worker: "w3")
            let next = try #require(none.next)
            #expect(none.claimed.isEmpty && !none.isMoreLeft && next > .seconds(20))
            #expect(try await harness.takeHint() == false)
            // Who takes the place itself wakes nobody.
            let taken = try await harness.send(turn(2, ends: one.claimed, .completed(.done), claim: 1))
            #expect(taken.claimed.count == 1)
            #expect(try await harness.takeHint() == false)
            // Who does not, wakes one.
            _ = try await harness.send(turn(3, ends: taken.claimed, .completed(.done)))
            #expect(try await harness.takeHint())
            let woken = try await harness.send(turn(2, claim: 4), worker: "w3")
            #expect(woken.claimed.count == 1)
            #expect(try await harness.takeHint() == false)
            ahead = Turn(number: 2, endings: [], claim: 64, free: 1, isIdle: true, ranMicroseconds: 0)
            #expect(try await harness.send(ahead, worker: "w2").claimed.isEmpty)
        }
    }

    @Test("a lease that ran out counts until it is reaped, and its job is claimed under the limit")
    func expiredLease() async throws {
        try await QueueHarness.run { harness in
            try await harness.inspector.setLimits(queue: "work", QueueLimits(concurrency: 1))
            try await harness.queue.enqueue(try (0..<2).map { try Work().prepared(id: JobID("w\($0)")) })
            #expect(
                try await harness.send(turn(1, claim: 1), worker: "dead", lease: .milliseconds(1)).claimed.count == 1)
            try await eventually("the suspect is claimed") {
                let number = Int64(try await harness.number("turns"))
                _ = try await harness.client.send(RedisCommand("INCR", harness.key("turns")))
                return try await harness.send(turn(number + 1, claim: 2, isIdle: true)).solo == .claimed
            }
            #expect(try await harness.client.send(RedisCommand("ZCARD", harness.key("q:work:lease"))).int == 1)
            #expect(try await harness.send(turn(1, claim: 2), worker: "w2").claimed.isEmpty)
        }
    }

    @Test("one worker comes for the next token, the others a second later in case it is gone")
    func ticket() async throws {
        try await QueueHarness.run { harness in
            try await harness.inspector.setLimits(
                queue: "work", QueueLimits(rate: .init(1, per: .seconds(10), burst: 1)))
            try await harness.queue.enqueue(try (0..<3).map { try Work().prepared(id: JobID("w\($0)")) })
            let first = try await harness.send(turn(1, claim: 2))
            #expect(first.claimed.count == 1 && !first.isMoreLeft)
            let own = try #require(first.next)
            #expect(own > .seconds(8) && own <= .seconds(10))
            let other = try #require(try await harness.send(turn(1, claim: 2), worker: "w2").next)
            #expect(other > own)
            // Asked again, it keeps its promise.
            let again = try #require(try await harness.send(turn(2, claim: 2)).next)
            #expect(again <= own)
            // Without a place it can't come: the hint finds somebody who can.
            _ = try await harness.takeHint()
            _ = try await harness.send(turn(3, ends: first.claimed, .completed(.done)))
            #expect(try await harness.takeHint())
            let heir = try #require(try await harness.send(turn(2, claim: 2), worker: "w2").next)
            #expect(heir <= own)
        }
    }

    @Test("a limit that is lifted lets blocked workers go on at once")
    func lifted() async throws {
        try await QueueHarness.run { harness in
            try await harness.inspector.setLimits(
                queue: "work", QueueLimits(rate: .init(1, per: .seconds(3_600), burst: 1)))
            try await harness.queue.enqueue(try (0..<10).map { try Work().prepared(id: JobID("w\($0)")) })
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, _ -> Void in }
            try await harness.withWorker(handlers) { _ in
                try await eventually("one completed") {
                    try await harness.inspector.queue(named: "work").completed == 1
                }
                try await harness.inspector.setLimits(queue: "work", QueueLimits())
                try await eventually("all completed") {
                    try await harness.inspector.queue(named: "work").completed == 10
                }
            }
        }
    }
}
