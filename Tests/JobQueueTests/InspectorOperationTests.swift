import JobQueue
import RedisClient
import TestSupport
import Testing

/// Every operation on a job in every state: what it answers, and where the job is afterwards.
struct InspectorOperationTests {
    struct Case: Sendable, CustomStringConvertible {
        var state: JobState?
        var operation: JobOperation
        var answer: JobOperationResult
        /// Where the job is afterwards, by queue and state; `nil` for nowhere.
        var after: String?

        var description: String { "\(operation) of \(state?.rawValue ?? "a missing job")" }
    }

    private static let move = JobOperation.move(to: "other")
    private static let edit = JobOperation.edit(payload: #"{"text":"edited"}"#)
    private static let cancel = JobOperation.cancel(reason: "why")
    private static let kill = JobOperation.kill(reason: "why")

    static let cases: [Case] = {
        func row(
            _ state: JobState, _ changes: [(JobOperation, String?)], requested: [JobOperation] = []
        ) -> [Case] {
            [.retry, .runNow, cancel, kill, .delete, move, edit].map { operation in
                if let change = changes.first(where: { $0.0 == operation }) {
                    return Case(state: state, operation: operation, answer: .done, after: change.1)
                }
                return Case(
                    state: state, operation: operation,
                    answer: requested.contains(operation) ? .requested : .wrongState(state),
                    after: "work \(state.rawValue)")
            }
        }
        let ends: [(JobOperation, String?)] = [(cancel, "work dead"), (kill, "work dead"), (.delete, nil)]
        return row(.waiting, ends + [(move, "other waiting"), (edit, "work waiting")])
            + row(.suspect, ends + [(move, "other suspect"), (edit, "work suspect")])
            + row(.running, [(kill, "work dead"), (.delete, nil)], requested: [cancel])
            + row(.scheduled, ends + [(.runNow, "work waiting"), (move, "other scheduled"), (edit, "work scheduled")])
            + row(.parked, ends + [(move, "other waiting"), (edit, "work parked")])
            + row(.dead, [(.retry, "work waiting"), (.delete, nil), (move, "other dead"), (edit, "work dead")])
            + row(.completed, [(.delete, nil)])
            + [.retry, .runNow, cancel, kill, .delete, move, edit].map {
                Case(state: nil, operation: $0, answer: .notFound, after: nil)
            }
    }()

    @Test("each operation on a job in each state does what it says, and leaves the job in one place", arguments: cases)
    func table(_ test: Case) async throws {
        try await QueueHarness.run { harness in
            if let state = test.state { try await harness.put("it", in: state) }
            let payload = try await harness.inspector.job(id: JobID("it"), queue: "work")?.payload
            #expect(try await harness.inspector.perform(test.operation, on: JobID("it"), queue: "work") == test.answer)
            var found: [String] = []
            for queue in ["work", "other"] {
                let places = try await harness.places("it", on: queue)
                #expect(places.count <= 1)
                guard let job = try await harness.inspector.job(id: JobID("it"), queue: queue) else {
                    #expect(places.isEmpty)
                    continue
                }
                found.append("\(queue) \(job.state.rawValue)")
                #expect(places == [job.state == .completed ? .completed : job.state])
                if test.answer == .done, case .edit(let edited) = test.operation {
                    #expect(job.payload == edited)
                } else {
                    #expect(job.payload == payload)
                }
                if test.answer == .done, test.operation == Self.cancel || test.operation == Self.kill {
                    #expect(job.troubles.last?.message.hasSuffix("ed: why") == true)
                }
            }
            #expect(found == [test.after].compactMap { $0 })
            if let state = test.state { #expect(test.operation.isAllowed(in: state) == test.answer.isChange) }
            // What is left behind by a deletion or a move does not keep the id's next life from its one place.
            if test.answer == .done, test.operation == .retry {
                #expect(
                    try await harness.inspector.perform(.retry, on: JobID("it"), queue: "work") == .wrongState(.waiting)
                )
            }
        }
    }

    @Test("a waiting job that is cancelled and retried lies in its list once, and runs once")
    func cancelledAndRetried() async throws {
        try await QueueHarness.run { harness in
            let notes = Notes()
            var handlers = JobHandlers()
            handlers.register(Work.self) { job, context in
                notes.note(context.id.rawValue)
                return .done
            }
            try await harness.queue.enqueue(Work(), id: JobID("again"))
            try await harness.queue.enqueue(Work(), id: JobID("gone"))
            for id in [JobID("again"), JobID("gone")] {
                #expect(try await harness.inspector.cancel(id: id, queue: "work") == .done)
            }
            #expect(try await harness.inspector.perform(.retry, on: JobID("again"), queue: "work") == .done)
            #expect(try await harness.places("again", on: "work") == [.waiting])
            // The id of an ended job is known until its dead letter goes.
            #expect(try await harness.queue.enqueue(Work(), id: JobID("gone")) == .duplicate)
            try await harness.queue.enqueue(Work(), id: JobID("last"))
            try await harness.withWorker(handlers) { _ in
                try await eventually { notes.all.count >= 2 }
            }
            // Two places: which of them notes first is nobody's promise.
            #expect(notes.all.sorted() == ["again", "last"])
            let gone = try #require(try await harness.inspector.job(id: JobID("gone")))
            #expect(gone.state == .dead && gone.troubles.last?.message == "cancelled")
        }
    }

    @Test("a payload that is no JSON or too large, and a wrong queue's name, change nothing")
    func validation() async throws {
        try await QueueHarness.run { harness in
            try await harness.queue.enqueue(Work(text: "as it was"), id: JobID("it"))
            for operation in [JobOperation.edit(payload: "{"), .move(to: "a b"), .move(to: "")] {
                await #expect(throws: JobQueueError.self) {
                    try await harness.inspector.perform(operation, on: JobID("it"), queue: "work")
                }
            }
            let large = "\"" + String(repeating: "x", count: JobQueue.maximumPayloadBytes) + "\""
            await #expect(throws: JobQueueError.self) {
                try await harness.inspector.perform(.edit(payload: large), on: JobID("it"), queue: "work")
            }
            #expect(
                try await harness.inspector.perform(.move(to: "work"), on: JobID("it"), queue: "work") == .duplicate)
            #expect(try await harness.inspector.job(id: JobID("it"))?.payload?.contains("as it was") == true)
        }
    }

    @Test("a job does not move to a queue that knows its id")
    func moveToKnown() async throws {
        try await QueueHarness.run { harness in
            for state in [JobState.waiting, .dead, .completed, .scheduled, .running] {
                try await harness.put("it-\(state)", in: state, of: "other")
                try await harness.put("it-\(state)", in: .waiting)
                #expect(
                    try await harness.inspector.perform(Self.move, on: JobID("it-\(state)"), queue: "work")
                        == .duplicate)
                #expect(try await harness.places("it-\(state)", on: "work") == [.waiting])
                #expect(try await harness.places("it-\(state)", on: "other") == [state])
            }
        }
    }
}
