import JobQueue
import RedisClient
import TestSupport
import Testing

/// What operators do keeps a job's lock, batch and timeline true.
struct InspectorBondTests {
    private func job(
        _ id: String, queue: String = "work", key: String = "\"k\"", tag: String? = nil, delay: Duration? = nil
    ) throws -> PreparedJob {
        try PreparedJob(
            queue: queue, name: "work", payload: key, id: JobID(id),
            options: JobOptions(uniqueness: .untilDone), delay: delay, tag: tag)
    }

    @Test("a job of a type that the program does not know is enqueued by its name, and shows what ties it")
    func raw() async throws {
        try await QueueHarness.run { harness in
            let plain = try PreparedJob(
                queue: "work", name: "strange", version: 4, payload: #"{"a":[1,2]}"#, id: JobID("raw"),
                options: JobOptions(maximumFailures: 9), priority: .high)
            #expect(try await harness.queue.enqueue(plain) == .enqueued)
            let shown = try #require(try await harness.inspector.job(id: JobID("raw")))
            #expect(shown.name == "strange" && shown.version == 4 && shown.priority == .high)
            #expect(shown.payload == #"{"a":[1,2]}"# && shown.maximumFailures == 9)
            #expect(shown.tag == nil && shown.batch == nil && shown.uniqueKey == nil)

            let tied = try job("tied", tag: "ord_1")
            #expect(try await harness.queue.enqueue(tied) == .enqueued)
            let record = try #require(try await harness.inspector.job(id: JobID("tied")))
            #expect(record.tag == "ord_1" && record.batch == nil && record.uniqueKey == "work:\"k\"")
            let page = try await harness.inspector.jobs(
                queue: "work", state: .waiting, matching: JobFilter(tag: "ord_1"))
            #expect(page.jobs.map(\.id.rawValue) == ["tied"])
            #expect(
                try await harness.inspector.jobs(queue: "work", state: .waiting, matching: JobFilter(tag: "ord_"))
                    .jobs.isEmpty)
        }
    }

    @Test("a raw job that makes no sense is refused")
    func invalid() throws {
        #expect(throws: JobQueueError.self) { try PreparedJob(queue: "work", name: "work", payload: "{") }
        #expect(throws: JobQueueError.self) { try PreparedJob(queue: "a b", name: "work", payload: "{}") }
        #expect(throws: JobQueueError.self) { try PreparedJob(queue: "work", name: "", payload: "{}") }
        #expect(throws: JobQueueError.self) { try PreparedJob(queue: "work", name: "w", version: 0, payload: "{}") }
        #expect(throws: JobQueueError.self) { try PreparedJob(queue: "work", name: "w", payload: "{}", tag: "a b") }
        #expect(throws: JobQueueError.self) {
            try PreparedJob(queue: "work", name: "w", payload: "{}", id: JobID("a b"))
        }
    }

    @Test(
        "whatever ends a job frees its lock, and tells its timeline once",
        arguments: [JobOperation.cancel(), .kill(), .delete], [false, true])
    func ends(_ operation: JobOperation, isScheduled: Bool) async throws {
        try await QueueHarness.run { harness in
            let delay: Duration? = isScheduled ? .seconds(3_600) : nil
            #expect(try await harness.queue.enqueue(try job("first", tag: "ord_1", delay: delay)) == .enqueued)
            #expect(try await harness.queue.enqueue(try job("second")) != .enqueued)
            #expect(try await harness.inspector.perform(operation, on: JobID("first"), queue: "work") == .done)
            #expect(try await harness.queue.enqueue(try job("second")) == .enqueued)
            let events = try await harness.inspector.timeline(tag: "ord_1")
            #expect(events.map(\.event) == ["enqueued", operation == .delete ? "deleted" : "cancelled"])
            #expect(events.allSatisfy { $0.id == JobID("first") && $0.queue == "work" && $0.name == "work" })
        }
    }

    @Test("emptying frees the locks of what it takes")
    func empty() async throws {
        try await QueueHarness.run { harness in
            for number in 0..<5 { _ = try await harness.queue.enqueue(try job("w\(number)", key: "\(number)")) }
            for number in 5..<9 {
                _ = try await harness.queue.enqueue(try job("w\(number)", key: "\(number)", delay: .seconds(60)))
            }
            #expect(try await harness.inspector.empty(queue: "work") == 9)
            for number in 0..<9 {
                #expect(try await harness.queue.enqueue(try job("n\(number)", key: "\(number)")) == .enqueued)
            }
        }
    }

    @Test("a dead job does not come back while another holds its lock, and takes it when it does")
    func revived() async throws {
        try await QueueHarness.run { harness in
            let inspector = harness.inspector
            _ = try await harness.queue.enqueue(try job("first"))
            try await inspector.cancel(id: JobID("first"), queue: "work")
            _ = try await harness.queue.enqueue(try job("second"))
            #expect(
                try await inspector.perform(.retry, on: JobID("first"), queue: "work")
                    == .uniqueHeld(by: JobID("second")))
            #expect(try await harness.places("first", on: "work") == [.dead])
            try await inspector.delete(id: JobID("second"), queue: "work")
            #expect(try await inspector.perform(.retry, on: JobID("first"), queue: "work") == .done)
            #expect(try await harness.queue.enqueue(try job("third")) != .enqueued)
        }
    }

    @Test("a job takes its lock along to another queue, unless it is held there")
    func moved() async throws {
        try await QueueHarness.run { harness in
            let inspector = harness.inspector
            _ = try await harness.queue.enqueue(try job("first", tag: "ord_1"))
            _ = try await harness.queue.enqueue(try job("there", queue: "other"))
            #expect(
                try await inspector.perform(.move(to: "other"), on: JobID("first"), queue: "work")
                    == .uniqueHeld(by: JobID("there")))
            #expect(try await harness.places("first", on: "work") == [.waiting])
            try await inspector.delete(id: JobID("there"), queue: "other")
            #expect(try await inspector.perform(.move(to: "other"), on: JobID("first"), queue: "work") == .done)
            #expect(try await harness.queue.enqueue(try job("second", queue: "other")) != .enqueued)
            #expect(try await harness.queue.enqueue(try job("third")) == .enqueued)
            #expect(try await inspector.timeline(tag: "ord_1").map(\.event) == ["enqueued", "moved"])
        }
    }

    @Test("a timeline has what workers and operators did to every job of the tag, in order")
    func timeline() async throws {
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Work.self) { _, _ -> Void in throw JobFailure.permanent("no way") }
            try await harness.queue.enqueue(Work(), id: JobID("it"), tag: "ord_1")
            try await harness.withWorker(handlers) { _ in
                try await eventually { try await harness.inspector.queue(named: "work").dead == 1 }
            }
            #expect(try await harness.inspector.perform(.retry, on: JobID("it"), queue: "work") == .done)
            var better = JobHandlers()
            better.register(Work.self) { _, _ -> Void in }
            try await harness.withWorker(better) { _ in
                try await eventually { try await harness.inspector.timeline(tag: "ord_1").last?.event == "completed" }
            }
            let events = try await harness.inspector.timeline(tag: "ord_1")
            #expect(
                events.map(\.event).filter { $0 != "failed" } == [
                    "enqueued", "started", "dead", "revived", "started", "completed",
                ])
            #expect(events.map(\.at) == events.map(\.at).sorted())
            #expect(
                try await harness.inspector.timeline(tag: "ord_1", limit: 2).map(\.event) == ["started", "completed"])
            #expect(try await harness.inspector.timeline(tag: "none").isEmpty)
        }
    }
}
