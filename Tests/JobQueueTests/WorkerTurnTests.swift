import Foundation
@testable import JobQueue
import RedisClient
import Synchronization
import TestSupport
import Testing

/// The queue's side of a worker without the worker around it, and the script that it calls.
@Suite("Worker turns")
struct WorkerTurnTests {
    private func runner(_ gate: WorkerGate, index: Int = 0, poke: @Sendable @escaping () -> Void = {}) -> QueueRunner {
        let queue = WorkerQueue("work", concurrency: 4)
        return QueueRunner(
            index: index, queue: queue, configuration: JobWorkerConfiguration(queues: [queue]), gate: gate,
            pokeAll: poke)
    }

    private func claim(_ epoch: Int64, isSolo: Bool = false) throws -> Claim {
        var handlers = JobHandlers()
        handlers.register(Work.self) { _, _ -> Void in }
        let handler = try #require(handlers.handlers.values.first)
        let body = try Work().prepared().body
        let envelope = try #require(Envelope(Array("1 0 0 ".utf8) + body))
        return Claim(
            id: JobID("job\(epoch)"), epoch: epoch, failures: 0, lapses: 0, envelope: envelope, handler: handler,
            isSolo: isSolo)
    }

    private func give(_ claims: [Claim], to runner: QueueRunner) throws {
        let reply = try TurnReply(
            .array([
                .array([]), .array([.integer(0), .array([]), .array([]), .array([])]), .integer(0), .integer(-1),
                .integer(0), .integer(0),
            ]))
        let turn = Turn(number: 1, endings: [], claim: 4, isIdle: false, ranMicroseconds: 0)
        runner.apply(reply, to: turn, claims: claims, endings: [], sent: .now)
    }

    @Test("what waits behind a suspect starts no slots until the gate opens, and then all of them")
    func closedGate() async throws {
        let gate = WorkerGate()
        let runner = runner(gate)
        try give([claim(1), claim(2)], to: runner)
        #expect(gate.close(.solo(queue: 1)))
        // A slot that starts and is refused would wake its pump, which would start it again, for ever.
        #expect(runner.slotsToStart() == 0)
        gate.open()
        #expect(runner.slotsToStart() == 2)
    }

    @Test("a suspect waits for what runs in its process, and starts one slot when that ended")
    func suspectWaits() async throws {
        let gate = WorkerGate()
        let runner = runner(gate)
        #expect(gate.tryStart(queue: 1, isSolo: false))
        #expect(gate.close(.solo(queue: 0)))
        try give([claim(1, isSolo: true)], to: runner)
        #expect(runner.slotsToStart() == 0)
        gate.ended()
        #expect(runner.slotsToStart() == 1)
        #expect(runner.exchange(Slot(), ended: nil)?.epoch == 1)
    }

    @Test("a turn is bounded by the bytes and the jobs of its endings, but takes at least one")
    func boundedTurn() async throws {
        func endings(_ count: Int, bytes: Int, jobs: Int) throws -> [Ending] {
            let job = try Work().prepared()
            let completion = Completion(
                effects: [Effect("x", arguments: [RedisArgument([UInt8](repeating: 0, count: bytes))])],
                followUps: Array(repeating: job, count: jobs))
            return try (1...count).map { try claim(Int64($0)).ending(.completed(completion)) }
        }
        func sizes(_ endings: [Ending]) -> [Int] {
            let runner = runner(WorkerGate())
            runner.drain()
            runner.state.withLock { $0.outbox = endings }
            var sizes: [Int] = []
            while case .turn(let turn) = runner.nextStep() { sizes.append(turn.endings.count) }
            return sizes
        }
        #expect(sizes(try endings(5, bytes: 3 << 20, jobs: 0)) == [2, 2, 1])
        #expect(sizes(try endings(2, bytes: 20 << 20, jobs: 0)) == [1, 1])
        #expect(sizes(try endings(5, bytes: 0, jobs: 400)) == [2, 2, 1])
        #expect(sizes(try endings(300, bytes: 0, jobs: 0)) == [256, 44])
    }

    @Test("a repeat is answered as the first was: the claims, and the grant of a suspect")
    func repeatedTurn() async throws {
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue((0..<4).map { try Work().prepared(id: JobID("w\($0)")) })
            let first = try await harness.send(turn(1, claim: 2))
            let again = try await harness.send(turn(1, claim: 2))
            #expect(first.claimed.map(\.epoch) == [1, 2] && again.claimed.map(\.epoch) == [1, 2])
            // A suspect's grant: nothing is claimed and nothing settled by it.
            _ = try await harness.client.send(RedisCommand("RPOP", harness.key("q:work:p1")))
            _ = try await harness.client.send(RedisCommand("LPUSH", harness.key("q:work:suspect"), "w2"))
            let grant = try await harness.send(turn(2, claim: 2))
            let repeated = try await harness.send(turn(2, claim: 2))
            #expect(grant.solo == .granted && grant.claimed.map(\.id.rawValue) == [])
            #expect(repeated.solo == .granted)
            // Meanwhile no other worker is granted it.
            #expect(try await harness.send(turn(1, claim: 2), worker: "w2").solo == TurnReply.Solo.none)
        }
    }

    @Test("a late copy of an earlier turn claims nothing")
    func lateCopy() async throws {
        try await QueueHarness.run { harness in
            #expect(try await harness.send(turn(1, claim: 2)).claimed.isEmpty)
            #expect(try await harness.send(turn(2, claim: 2)).claimed.isEmpty)
            try await harness.queue.enqueue(Work(), id: JobID("one"))
            #expect(try await harness.send(turn(1, claim: 2)).claimed.isEmpty)
            #expect(try await harness.send(turn(2, claim: 2)).claimed.isEmpty)
            #expect(try await harness.send(turn(3, claim: 2)).claimed.map(\.id.rawValue) == ["one"])
        }
    }
}
