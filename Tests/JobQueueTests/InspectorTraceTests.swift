import Foundation
import JobQueue
import TestSupport
import Testing

/// One job's life beside those of its tag.
struct InspectorTraceTests {
    @Test("a trace tells the parent, the attempts and the follow-ups of a job, and all of its tag")
    func family() async throws {
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Work.self) { job, context in
                if job.text == "middle", context.failures == 0 { throw JobFailure.retry(after: .zero, "not yet") }
                let next = ["first": ["middle"], "middle": ["last", "other"]][job.text] ?? []
                return Completion(followUps: try next.map { try Work(text: $0).prepared(id: JobID($0)) })
            }
            let before = try await harness.inspector.trace(id: JobID("first"))
            #expect(before == nil)
            _ = try await harness.queue.enqueue(Work(text: "first"), id: JobID("first"), tag: "ord_1")
            try await harness.withWorker(handlers) { _ in
                for id in ["last", "other"] {
                    try await eventually(id) { try await harness.state(id) == .completed }
                }
            }
            // A job that completed is remembered without its tag.
            #expect(try await harness.inspector.trace(id: JobID("middle"))?.tagEvents.isEmpty == true)
            let trace = try #require(try await harness.inspector.trace(id: JobID("middle"), tag: "ord_1"))
            #expect(trace.parent?.id == JobID("first"))
            #expect(trace.followUps.map(\.id) == [JobID("last"), JobID("other")])
            #expect(trace.events.map(\.event) == ["enqueued", "started", "failed", "started", "completed"])
            #expect(trace.events[2].detail.contains("not yet"))
            #expect(Set(trace.tagEvents.map(\.id)) == Set(["first", "middle", "last", "other"].map { JobID($0) }))
            let first = try #require(try await harness.inspector.trace(id: JobID("first"), tag: "ord_1"))
            #expect(first.parent == nil)
            #expect(first.followUps.map(\.id) == [JobID("middle")])
            #expect(try await harness.inspector.trace(id: JobID("none"), tag: "ord_1") == nil)
        }
    }

    @Test("a job without a tag tells what it keeps itself")
    func alone() async throws {
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, _ in throw JobFailure.permanent("no luck") }
            _ = try await harness.queue.enqueue(Work(), id: JobID("a"))
            try await harness.withWorker(handlers) { _ in
                try await eventually("dead") { try await harness.state("a") == .dead }
            }
            let trace = try #require(try await harness.inspector.trace(id: JobID("a")))
            #expect(trace.events.map(\.event) == ["enqueued", "failed", "dead"])
            #expect(trace.job?.attempts == 1)
            #expect(trace.tagEvents.isEmpty && trace.parent == nil && trace.followUps.isEmpty)
        }
    }
}
