import Foundation
import JobQueue
import TestSupport
import Testing

/// The same type as in `queue-test-worker`, a process that tests kill.
struct Work: Job {
    static let name = "work"
    static let queue = "work"
    var text = ""
}

/// A type that no process knows.
struct Later: Job {
    static let name = "later"
    static let queue = "work"
}

extension ControlHarness {
    /// The ids of ``withEveryState(_:)`` by their state.
    static let ids: [JobState: [String]] = [
        .completed: ["c1", "c2"], .dead: ["d1", "d2", "d3", "d4"], .parked: ["p1", "p2", "p3", "p4"],
        .running: ["r1", "r2", "r3"], .suspect: ["u1", "u2", "u3", "u4"], .scheduled: ["s1", "s2", "s3", "s4", "s5"],
        .waiting: ["w1", "w2", "w3", "w4"],
    ]

    /// One job in each state.
    static let oneOfEach = ids.values.compactMap(\.last).sorted()

    /// Runs `body` while queue `work` has jobs in every state, each brought there as in life.
    ///
    /// Handlers of this process wait with `r1…r3`; `u1…u4` were run by a process that was killed; of `p1…p4` no process
    /// knows the type. The queue is paused, so that only what `body` does moves a job.
    static func withEveryState(_ body: (ControlHarness) async throws -> Void) async throws {
        try await run(namespace: "t") { harness in
            var handlers = JobHandlers()
            handlers.register(Work.self) { job, context in
                switch job.text {
                case "fail": throw JobFailure.permanent("no luck with \(context.id)")
                case "hold":
                    context.report(progress: 0.5, message: "half way")
                    try await Task.sleep(for: .seconds(600))
                default: break
                }
            }
            try await harness.withWorker(handlers, queue: "work", concurrency: 3) {
                for id in ids[.completed] ?? [] { try await harness.queue.enqueue(Work(), id: JobID(id)) }
                for id in ids[.dead] ?? [] { try await harness.queue.enqueue(Work(text: "fail"), id: JobID(id)) }
                for id in ids[.parked] ?? [] { try await harness.queue.enqueue(Later(), id: JobID(id)) }
                try await harness.expect([.completed, .dead, .parked])
                for id in ids[.running] ?? [] { try await harness.queue.enqueue(Work(text: "hold"), id: JobID(id)) }
                try await harness.expect([.running])
                try await harness.makeSuspects(handlers)
                for id in ids[.waiting] ?? [] {
                    try await harness.queue.enqueue(Work(text: id), id: JobID(id), tag: "tag-\(id)")
                }
                for id in ids[.scheduled] ?? [] {
                    try await harness.queue.enqueue(
                        Work(text: id), id: JobID(id), delay: .seconds(3_600), tag: "tag-\(id)")
                }
                try await harness.expect(JobState.allCases)
                try await body(harness)
            }
        }
    }

    /// A process claims `u1…u4` and is killed; another worker finds their leases ended.
    private func makeSuspects(_ handlers: JobHandlers) async throws {
        let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "queue-test-worker").path
        let process = try ChildProcess(program, [server.socketPath, "1000", "4"])
        for id in Self.ids[.suspect] ?? [] { try await queue.enqueue(Work(text: "hold"), id: JobID(id)) }
        try await eventually("the process runs them") {
            try await Self.ids[.suspect]?.asyncAllSatisfy { try await state($0) == .running } == true
        }
        try await inspector.pause(queue: "work")
        process.kill(SIGKILL)
        process.wait()
        try await withWorker(handlers, queue: "work", name: "reaper") { try await expect([.suspect]) }
    }

    private func expect(_ states: [JobState]) async throws {
        for state in states {
            for id in Self.ids[state] ?? [] {
                try await eventually("\(id) is \(state.rawValue)") { try await self.state(id) == state }
            }
        }
    }

    /// Where all jobs of ``withEveryState(_:)`` are.
    func states() async throws -> [String: JobState] {
        var states: [String: JobState] = [:]
        for id in Self.ids.values.joined() { states[id] = try await state(id) }
        return states
    }
}

extension Sequence {
    fileprivate func asyncAllSatisfy(_ isTrue: (Element) async throws -> Bool) async rethrows -> Bool {
        for element in self where try await !isTrue(element) { return false }
        return true
    }
}
