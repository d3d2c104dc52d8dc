import JobQueue
import RedisClient
import Synchronization
import TestSupport
import Testing

/// What a failover keeps and loses, with real servers and Sentinels on the loopback interface.
@Suite("A failover under load", .serialized)
struct FailoverTests {
    private struct Tally: Job {
        static let name = "tally"
        static let queue = "work"
        static let options = JobOptions(maximumLapses: 10)
    }

    private static let replication = ReplicationRequirement(replicas: 1, timeout: .milliseconds(500))

    /// Counts each completed job by its id, in the step that completes it.
    private static var handlers: JobHandlers {
        var handlers = JobHandlers()
        handlers.register(
            effect: EffectDefinition(
                name: "tally",
                body: "return { apply = function(args) redis.call('HINCRBY', NS .. 'tally', args[1], 1) end }"))
        handlers.register(Tally.self) { (_: Tally, context) in
            Completion(effects: [Effect("tally", arguments: [RedisArgument(context.id.rawValue)])])
        }
        return handlers
    }

    private func withGroup(
        replicas: Int, configuration: [String] = [],
        _ body: (_ group: SentinelGroup, _ harness: QueueHarness) async throws -> Void
    ) async throws {
        let group = try await SentinelGroup.start(replicas: replicas, configuration: configuration)
        defer { group.stop() }
        let client = group.makeClient { $0.commandTimeout = .seconds(5) }
        let queue = JobQueue(
            redis: client, namespace: try Namespace("t"), logger: .quiet, replication: Self.replication)
        try await queue.prepare()
        let harness = QueueHarness(
            server: group.nodes[0].server, client: client, queue: queue, inspector: QueueInspector(queue: queue))
        try await body(group, harness)
        await client.close()
    }

    /// Enqueues under numbered ids until it is told to stop; each is repeated until it is acknowledged.
    private func produce(
        _ name: String, on queue: JobQueue, until stop: Flag, noting acknowledged: Notes, refusals: Notes
    ) async throws {
        var number = 0
        while !stop.isSet {
            let id = "\(name)-\(number)"
            do {
                try await queue.enqueue(Tally(), id: JobID(id))
                acknowledged.note(id)
                number += 1
            } catch let error as JobQueueError {
                refusals.note("\(error.code)")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Waits until the client is at another server.
    private func expectLeft(_ node: SentinelGroup.Node, _ client: RedisClient) async throws {
        try await eventually("failed over") {
            do {
                // The Sentinels may need a second vote, longer than one command waits.
                return try await client.send(RedisCommand("INFO", "server").retrying(.safe)).string?
                    .contains("tcp_port:\(node.port)") == false
            } catch let error as RedisError where error.code == .notSent || error.mayHaveRun {
                return false
            }
        }
    }

    /// Every acknowledged job, and none else but those whose enqueue was under way, ended once.
    private func expectEndedOnce(_ acknowledged: [String], _ harness: QueueHarness) async throws {
        let key = harness.key("tally")
        let wanted = Set(acknowledged)
        var counts: [String: String] = [:]
        // Lapsed jobs run alone, one after the other, when their leases have ended.
        for _ in 0..<3 where !wanted.isSubset(of: counts.keys) {
            try? await eventually("all ended") {
                counts = try await harness.client.send(RedisCommand("HGETALL", key).retrying(.safe)).dictionary ?? [:]
                return wanted.isSubset(of: counts.keys)
            }
        }
        #expect(wanted.subtracting(counts.keys).isEmpty, "acknowledged and lost")
        #expect(counts.values.allSatisfy { $0 == "1" }, "an effect was applied twice")
        #expect(try await harness.inspector.queue(named: "work").dead == 0)
    }

    @Test("the primary is killed: what was acknowledged under WAIT ends exactly once, what was lost without is counted")
    func killed() async throws {
        try await withGroup(replicas: 1) { group, harness in
            let bare = JobQueue(redis: harness.client, namespace: try Namespace("bare"), logger: .quiet)
            let (acknowledged, refusals, bareAcknowledged) = (Notes(), Notes(), Notes())
            let (stop, killed) = (Flag(), Flag())
            try await harness.withWorker(Self.handlers, lease: .seconds(3)) { _ in
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for producer in 0..<4 {
                        tasks.addTask {
                            try await produce(
                                "p\(producer)", on: harness.queue, until: stop, noting: acknowledged,
                                refusals: refusals)
                        }
                        tasks.addTask {
                            var number = 0
                            while !killed.isSet {
                                let id = "b\(producer)-\(number)"
                                // Without WAIT, and not asked again: an error is no acknowledgement.
                                do { try await bare.enqueue(Tally(), id: JobID(id)) } catch { return }
                                bareAcknowledged.note(id)
                                number += 1
                            }
                        }
                    }
                    try await eventually("load") { acknowledged.all.count > 200 && bareAcknowledged.all.count > 200 }
                    group.nodes[0].server.kill()
                    killed.set()
                    // The new primary has no replica before the old one is back as its.
                    try await expectLeft(group.nodes[0], harness.client)
                    try await group.nodes[0].server.restart()
                    let before = acknowledged.all.count
                    try await eventually("acknowledged again") { acknowledged.all.count > before + 200 }
                    stop.set()
                    try await tasks.waitForAll()
                }
                try await expectEndedOnce(acknowledged.all, harness)
            }
            let inspector = QueueInspector(queue: bare)
            var lost = 0
            for id in bareAcknowledged.all where try await inspector.job(id: JobID(id), queue: "work") == nil {
                lost += 1
            }
            print(
                "failover: under WAIT 0 of \(acknowledged.all.count) acknowledged enqueues lost"
                    + " (\(refusals.all.count) refused and repeated);"
                    + " without WAIT \(lost) of \(bareAcknowledged.all.count) lost")
        }
    }

    @Test("the primary freezes and comes back stale: it acknowledges nothing that is lost, and its writes are refused")
    func frozen() async throws {
        let safe = ["min-replicas-to-write 1", "min-replicas-max-lag 1"]
        try await withGroup(replicas: 2, configuration: safe) { group, harness in
            // A producer that knows only the old primary, as if the network kept it with it.
            let cutOff = group.nodes[0].server.makeClient { $0.commandTimeout = .seconds(1) }
            let stale = JobQueue(
                redis: cutOff, namespace: try Namespace("t"), logger: .quiet, replication: Self.replication)
            let (acknowledged, refusals, staleRefusals) = (Notes(), Notes(), Notes())
            let stop = Flag()
            try await harness.withWorker(Self.handlers, lease: .seconds(3)) { _ in
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for producer in 0..<4 {
                        tasks.addTask {
                            try await produce(
                                "p\(producer)", on: harness.queue, until: stop, noting: acknowledged,
                                refusals: refusals)
                        }
                    }
                    tasks.addTask {
                        try await produce(
                            "stale", on: stale, until: stop, noting: acknowledged, refusals: staleRefusals)
                    }
                    try await eventually("load") { acknowledged.all.count > 200 }
                    group.nodes[0].server.pause()
                    // The other replica follows the new primary, so that acknowledgements go on without the frozen one.
                    try await expectLeft(group.nodes[0], harness.client)
                    let before = acknowledged.all.count
                    try await eventually("acknowledged again") { acknowledged.all.count > before + 200 }
                    let frozen = staleRefusals.all.count
                    group.nodes[0].server.resume()
                    try await eventually("the stale one refuses") { staleRefusals.all.count > frozen + 2 }
                    try await eventually("demoted") {
                        try await cutOff.send(RedisCommand("ROLE").retrying(.safe))[0].string == "slave"
                    }
                    stop.set()
                    try await tasks.waitForAll()
                }
                try await expectEndedOnce(acknowledged.all, harness)
            }
            let refusedWith = Set(staleRefusals.all).sorted().joined(separator: ", ")
            print("frozen primary: 0 of \(acknowledged.all.count) lost; the stale one refused with \(refusedWith)")
            await cutOff.close()
        }
    }
}

/// A sign from one task to others.
private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set() { value.withLock { $0 = true } }
}
