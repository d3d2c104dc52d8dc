import Foundation
import JobQueue
import RedisClient
import TestSupport
import Testing

/// What an acknowledgement promises: it is on the disk, it ends once, a refusal leaves nothing.
@Suite("An acknowledged job is safe", .serialized)
struct FailureDurabilityTests {
    private static let strace = "/usr/bin/strace"

    /// The same type as in the worker process.
    private struct Tally: Job {
        static let name = "tally"
        static let queue = "work"
        static let options = JobOptions(maximumLapses: 10)
    }

    private func startProcess(_ harness: QueueHarness) throws -> ChildProcess {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let executable = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appendingPathComponent("queue-test-worker").path
        return try ChildProcess(executable, [harness.server.socketPath, "1000", "4"])
    }

    /// The negative control: the same trace of a server that syncs once a second does not pass.
    @Test(
        "the append-only file is synced before the reply of an enqueue is written, and the test would see if not",
        .enabled(if: access(strace, X_OK) == 0, "strace is not installed"), arguments: [true, false])
    func syncedBeforeReply(always: Bool) async throws {
        let policy = always ? "always" : "everysec"
        try await QueueHarness.run(configuration: ["appendonly yes", "appendfsync \(policy)"]) { harness in
            let lines = try await traceOfEnqueue(harness)
            let replied = try #require(lines.firstIndex { Self.isReply($0) })
            let written = try #require(
                lines.firstIndex { $0.hasPrefix("write(") && $0.contains(".aof>") && $0.contains("traced-job") })
            let synced = lines[written...].firstIndex {
                $0.hasPrefix("fdatasync(") && $0.contains(".aof>") && $0.hasSuffix("= 0")
            }
            #expect((synced.map { written < $0 && $0 < replied } ?? false) == always)
        }
    }

    /// What the server's main thread writes and syncs until the reply of one enqueue, a line for each call.
    private func traceOfEnqueue(_ harness: QueueHarness) async throws -> [String] {
        // The script is loaded by this one, so that the traced enqueue is one call.
        try await harness.queue.enqueue(Work(), id: JobID("first"))
        let pid = harness.server.pid
        let trace = harness.server.directory.file("trace")
        let tracer = try ChildProcess(
            Self.strace,
            ["-y", "-s", "4096", "-o", trace, "-e", "trace=fdatasync,fsync,write,writev,sendto", "-p", "\(pid)"])
        try await eventually("attached, or refused") {
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            return status.contains("TracerPid:\t\(tracer.pid)\n") || !tracer.isRunning
        }
        guard tracer.isRunning else { try Test.cancel("this system does not let strace attach") }
        try await harness.queue.enqueue(Work(), id: JobID("traced-job"))
        // The reply can be here before its line is in the trace.
        var lines: [String] = []
        try await eventually("the reply is traced") {
            lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").map(String.init)
            return lines.contains { Self.isReply($0) }
        }
        tracer.kill(SIGTERM)
        tracer.wait()
        return lines
    }

    /// The integer 1: all jobs of the call were put on their queue.
    private static func isReply(_ line: String) -> Bool {
        (line.contains("<socket:[") || line.contains("<UNIX")) && line.contains(#"":1\r\n""#)
    }

    @Test("one id enqueued by two hundred tasks over two connections at once is one job, acknowledged to one of them")
    func sameIDAtOnce() async throws {
        try await QueueHarness.run { harness in
            let other = harness.server.makeClient()
            let queues = [harness.queue, try harness.queue(over: other)]
            let enqueued = try await withThrowingTaskGroup(of: EnqueueResult.self) { group in
                for number in 0..<200 {
                    group.addTask { try await queues[number % 2].enqueue(Work(), id: JobID("same")) }
                }
                return try await group.reduce(into: 0) { count, result in
                    if case .enqueued = result { count += 1 }
                }
            }
            #expect(enqueued == 1)
            #expect(try await harness.inspector.depth(queue: "work") == 1)
            await other.close()
        }
    }

    @Test("a full Redis leaves nothing half-done of what it refuses, and a worker that starts then drains it")
    func fullLeavesNothing() async throws {
        try await QueueHarness.run { harness in
            for number in 0..<50 { try await harness.queue.enqueue(Tally(), id: JobID("before\(number)")) }
            _ = try await harness.client.send(RedisCommand("CONFIG", "SET", "maxmemory", 1))
            let bulk = try (0..<10).map { try Tally().prepared(id: JobID("bulk\($0)")) }
            let refused = await #expect(throws: JobQueueError.self) { try await harness.queue.enqueue(bulk) }
            #expect(refused?.code == .memoryFull)
            let change = DomainScript(
                name: "change", body: "redis.call('SET', NS .. 'changed', 1) enqueue(jobs[1]) return ok()")
            let changed = await #expect(throws: JobQueueError.self) {
                try await harness.queue.run(change, jobs: [try Work().prepared(id: JobID("follow"))])
            }
            #expect(changed?.code == .memoryFull)
            #expect(try await harness.inspector.depth(queue: "work") == 50)
            #expect(try await harness.state("bulk0") == nil)
            #expect(try await harness.state("follow") == nil)
            #expect(try await harness.number("changed") == 0)
            // Full from the first claim to the last completion.
            let process = try startProcess(harness)
            try await eventually("drained") {
                try await harness.inspector.queue(named: "work").completed == 50
            }
            process.kill(SIGTERM)
            process.wait()
            let counts = try await harness.client.send(RedisCommand("HVALS", harness.key("tally"))).array ?? []
            #expect(counts.count == 50 && counts.allSatisfy { $0.string == "1" })
        }
    }

    @Test("Redis and a worker process are killed under load: every acknowledged id has exactly one effect")
    func killedUnderLoad() async throws {
        try await QueueHarness.run(configuration: ["appendonly yes", "appendfsync always"]) { harness in
            let acknowledged = Notes()
            let queue = harness.queue
            var processes = [try startProcess(harness), try startProcess(harness)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for producer in 0..<4 {
                    group.addTask {
                        for number in 0..<100 {
                            let id = "p\(producer)-\(number)"
                            // The same id until it is acknowledged.
                            while true {
                                do {
                                    try await queue.enqueue(Tally(), id: JobID(id))
                                    break
                                } catch is JobQueueError {
                                    try await Task.sleep(for: .milliseconds(5))
                                }
                            }
                            acknowledged.note(id)
                        }
                    }
                }
                for kill in 1...2 {
                    try await eventually("some acknowledged") { acknowledged.all.count >= 100 * kill }
                    processes[0].kill(SIGKILL)
                    processes[0].wait()
                    try await harness.server.restart()
                    processes[0] = try startProcess(harness)
                }
                try await group.waitForAll()
            }
            let key = harness.key("tally")
            // Lapsed jobs run alone, one after the other.
            for _ in 0..<6 where try await harness.client.send(RedisCommand("HLEN", key)).int != 400 {
                try? await eventually("all ended") {
                    try await harness.client.send(RedisCommand("HLEN", key)).int == 400
                }
            }
            try await eventually("settled") { try await harness.inspector.queue(named: "work").running == 0 }
            for process in processes {
                process.kill(SIGTERM)
                process.wait()
            }
            let reply = try await harness.client.send(RedisCommand("HGETALL", key)).array ?? []
            let pairs = stride(from: 0, to: reply.count, by: 2).compactMap { index in
                reply[index].string.map { ($0, reply[index + 1].string ?? "") }
            }
            #expect(Set(pairs.map(\.0)) == Set(acknowledged.all))
            #expect(pairs.allSatisfy { $0.1 == "1" })
            #expect(try await harness.inspector.queue(named: "work").dead == 0)
        }
    }
}
