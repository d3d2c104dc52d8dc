import JobQueue
import RedisClient
import TestSupport
import Testing

@Suite("Handlers without Redis")
struct HandlerTests {
    private struct Declined: Error {}
    private struct Busy: Error {}

    private struct Charge: Job {
        static let name = "charge"
        static let queue = "charges"
        static let options = JobOptions(maximumFailures: 3, backoff: .list([.seconds(1), .seconds(60)]))
        var order: String
    }

    private static let orderPaid = EffectDefinition(name: "order-paid", body: "return { apply = function() end }")

    private func handlers(_ handler: @escaping @Sendable (Charge, JobContext) async throws -> Completion) -> JobHandlers
    {
        var handlers = JobHandlers()
        handlers.register(effect: Self.orderPaid)
        handlers.register(
            Charge.self,
            retry: { error, attempt in
                switch error {
                case is Declined: .permanent
                case is Busy: .retry(after: .seconds(10 * attempt))
                default: .standard
                }
            }, handler)
        return handlers
    }

    private func context(failures: Int) -> JobContext {
        JobContext(queue: Charge.queue, name: Charge.name, failures: failures)
    }

    @Test("a success hands back the completion, with its effects' names and arguments")
    func completed() async throws {
        let handlers = handlers { job, context in
            Completion(
                effects: [Effect("order-paid", arguments: [RedisArgument(job.order), 2, "EUR"])],
                followUps: [try Work().prepared(id: JobID("mail.\(context.id)"))], result: "ok")
        }
        let outcome = try await handlers.perform(
            Charge(order: "ord_1"), context: JobContext(id: JobID("job_1"), queue: "charges", name: "charge"))
        let completion = try #require(outcome.completion)
        #expect(completion.effects.map(\.name) == ["order-paid"])
        #expect(completion.effects.first?.arguments == ["ord_1", "2", "EUR"])
        #expect(completion.followUps.map(\.id.rawValue) == ["mail.job_1"])
        #expect(completion.result == "ok")
    }

    @Test("a failure is retried after the type's backoff, until its budget is used up")
    func backoff() async throws {
        struct Oops: Error, CustomStringConvertible { let description = "oops" }
        let handlers = handlers { _, _ in throw Oops() }
        var delays: [ClosedRange<Duration>] = []
        for failures in 0..<2 {
            let outcome = try await handlers.perform(Charge(order: ""), context: context(failures: failures))
            guard case .retry(let delay, "oops") = outcome else { throw TestSupportError("\(outcome)") }
            delays.append(delay)
        }
        #expect(delays == [.seconds(1) ... .seconds(1), .seconds(60) ... .seconds(60)])
        let last = try await handlers.perform(Charge(order: ""), context: context(failures: 2))
        guard case .dead("oops") = last else { throw TestSupportError("\(last)") }
    }

    @Test("the type's hook decides before anything else: permanent, or after its own delay")
    func hook() async throws {
        let handlers = handlers { job, _ in
            if job.order == "declined" { throw Declined() }
            if job.order == "busy" { throw Busy() }
            throw JobFailure.retry(after: .seconds(7), "later")
        }
        let declined = try await handlers.perform(Charge(order: "declined"))
        guard case .dead = declined else { throw TestSupportError("\(declined)") }
        let busy = try await handlers.perform(Charge(order: "busy"), context: context(failures: 1))
        guard case .retry(let delay, _) = busy else { throw TestSupportError("\(busy)") }
        #expect(delay == .seconds(20) ... .seconds(20))
        let later = try await handlers.perform(Charge(order: ""))
        guard case .retry(let named, "later") = later else { throw TestSupportError("\(later)") }
        #expect(named == .seconds(7) ... .seconds(7))
    }

    @Test("an unknown type is parked, an unknown effect and an oversized completion fail as in a worker")
    func refusals() async throws {
        let handlers = handlers { job, _ in
            switch job.order {
            case "effect": Completion(effects: [Effect("nobody-knows")])
            case "result": Completion(result: String(repeating: "x", count: (64 << 10) + 1))
            default: Completion(followUps: try (0...1000).map { _ in try Work().prepared() })
            }
        }
        guard case .parked = try await handlers.perform(Work()) else { throw TestSupportError("not parked") }
        let effect = try await handlers.perform(Charge(order: "effect"))
        guard case .retry(_, "unknown_effect:nobody-knows") = effect else { throw TestSupportError("\(effect)") }
        for order in ["result", "jobs"] {
            let outcome = try await handlers.perform(Charge(order: order))
            guard case .dead = outcome else { throw TestSupportError("\(outcome)") }
        }
    }

    @Test("in a worker the hook ends a job at once or sets its time, a timeout included")
    func inAWorker() async throws {
        struct Slow: Job {
            static let name = "slow"
            static let queue = "work"
            static let options = JobOptions(maximumFailures: 5, timeout: .milliseconds(30))
        }
        try await QueueHarness.run { harness in
            var handlers = JobHandlers()
            handlers.register(Slow.self, retry: { error, _ in error is JobTimeout ? .permanent : .standard }) {
                (_: Slow, _) -> Void in try await Task.sleep(for: .seconds(60))
            }
            handlers.register(Work.self, retry: { _, attempt in .retry(after: .seconds(3_600 * attempt)) }) {
                (_: Work, _) -> Void in throw Busy()
            }
            try await harness.queue.enqueue(Slow(), id: JobID("slow"))
            try await harness.queue.enqueue(Work(), id: JobID("busy"))
            try await harness.withWorker(handlers) { _ in
                try await eventually("ended") {
                    let states = [try await harness.state("slow"), try await harness.state("busy")]
                    return states == [.dead, .scheduled]
                }
            }
            #expect(try await harness.inspector.job(id: JobID("slow"), queue: "work")?.failures == 1)
            let busy = try #require(try await harness.inspector.job(id: JobID("busy"), queue: "work"))
            let (at, due) = (try #require(busy.troubles.last?.at), try #require(busy.stateAt))
            #expect(due - at == 3_600_000)
        }
    }

    @Test("closures of every shape are what they look like, without their type spelled out")
    func shapes() async throws {
        @Sendable func completion() async throws -> Completion { Completion(result: "kept") }
        let notes = Notes()
        var kept: [JobHandlers] = []
        var done: [JobHandlers] = []
        func with(_ list: inout [JobHandlers], _ register: (inout JobHandlers) -> Void) {
            var handlers = JobHandlers()
            register(&handlers)
            list.append(handlers)
        }
        with(&kept) { $0.register(Work.self) { _, _ in try await completion() } }
        with(&kept) { $0.register(Work.self, retry: { _, _ in .standard }) { _, _ in try await completion() } }
        with(&kept) { handlers in
            handlers.register(Work.self) { job, _ in
                notes.note("some")
                if job.text == "" { return Completion(result: "kept") }
                return .done
            }
        }
        with(&done) { $0.register(Work.self) { _, _ in notes.note("one") } }
        with(&done) { $0.register(Work.self) { _, _ in .done } }
        with(&done) { handlers in
            handlers.register(Work.self) { job, _ in
                notes.note("two")
                notes.note(job.text)
            }
        }
        with(&done) { handlers in
            handlers.register(Work.self, retry: { _, _ in .permanent }) { job, _ in
                if job.text == "bad" { throw JobFailure.permanent("bad") }
                notes.note("three")
            }
        }
        for handlers in kept { #expect(try await handlers.perform(Work()).completion?.result == "kept") }
        for handlers in done {
            let completion = try #require(try await handlers.perform(Work()).completion)
            #expect(completion.result == nil)
        }
        #expect(notes.all == ["some", "one", "two", "", "three"])
    }

    @Test("each kind of backoff has its delays, and draws stay within them")
    func kinds() {
        func seconds(_ backoff: Backoff) -> [Duration] { (1...5).map { backoff.range(failures: $0).upperBound } }
        #expect(seconds(Backoff(base: .seconds(2), cap: .seconds(10))) == [2, 4, 8, 10, 10].map { .seconds($0) })
        #expect(seconds(.exponential(base: .seconds(2), cap: .seconds(10))) == [2, 4, 8, 10, 10].map { .seconds($0) })
        #expect(seconds(.fixed(.seconds(3))) == Array(repeating: .seconds(3), count: 5))
        #expect(seconds(.list([.seconds(1), .seconds(9)])) == [1, 9, 9, 9, 9].map { .seconds($0) })
        #expect(seconds(.none) == Array(repeating: .zero, count: 5))
        #expect(Backoff(base: .seconds(2), cap: .seconds(10)).range(failures: 4).lowerBound == .zero)
        #expect(Backoff.fixed(.seconds(3)).range(failures: 9).lowerBound == .seconds(3))
        #expect(Backoff(base: .seconds(-5)).range(failures: 3) == .zero ... .zero)
        #expect(Backoff(base: .seconds(5)).range(failures: 1_000).upperBound == .seconds(3600))
        var generator = SystemRandomNumberGenerator()
        for backoff in [Backoff(), .fixed(.seconds(3)), .list([]), .exponential(base: .milliseconds(1))] {
            for failures in 1...20 {
                let delay = backoff.delay(failures: failures, using: &generator)
                #expect(backoff.range(failures: failures).contains(delay))
            }
        }
    }
}
