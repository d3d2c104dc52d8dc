import InMemoryTracing
import JobQueue
import RedisClient
import Synchronization
import TestSupport
import Testing
import Tracing

@Suite("Tracing")
struct TracingTests {
    private func enqueueAndRun(_ tracer: some Tracer, fails: Bool = false) async throws {
        try await withTracer(tracer) {
            try await QueueHarness.run { harness in
                var handlers = JobHandlers()
                handlers.register(Work.self) { job, context in
                    if fails { throw JobFailure.permanent("no") }
                    guard job.text == "first" else { return .done }
                    return Completion(followUps: [try Work(text: "second").prepared(id: JobID("second"))])
                }
                try await tracer.withSpan("request") { _ in
                    _ = try await harness.queue.enqueue(Work(text: "first"), id: JobID("first"))
                }
                try await harness.withWorker(handlers) { _ in
                    try await eventually("ended") {
                        let last = try await harness.state(fails ? "first" : "second")
                        return last == (fails ? .dead : .completed)
                    }
                }
            }
        }
    }

    @Test("a request, its job and the job's follow-up are one trace, each the child of the one before")
    func oneTrace() async throws {
        let tracer = W3CTracer()
        try await enqueueAndRun(tracer)
        let spans = tracer.base.finishedSpans.sorted { $0.spanID < $1.spanID }
        #expect(spans.map(\.operationName) == ["request", "process work", "process work"])
        #expect(Set(spans.map(\.traceID)).count == 1)
        #expect(spans.dropFirst().map(\.parentSpanID) == spans.dropLast().map { $0.spanID })
        #expect(spans.dropFirst().allSatisfy { $0.kind == .consumer && $0.status == nil && $0.errors.isEmpty })
        let attributes = try #require(spans.last?.attributes)
        #expect(attributes["messaging.destination.name"]?.toSpanAttribute() == .string("work"))
        #expect(attributes["messaging.message.id"]?.toSpanAttribute() == .string("second"))
        #expect(attributes["messaging.operation.type"]?.toSpanAttribute() == .string("process"))
        #expect(attributes["jobqueue.job.type"]?.toSpanAttribute() == .string("work"))
    }

    @Test("a tracer with fields of its own is served too")
    func otherFields() async throws {
        let tracer = InMemoryTracer()
        try await enqueueAndRun(tracer)
        #expect(tracer.finishedSpans.count == 3)
        #expect(Set(tracer.finishedSpans.map(\.traceID)) == ["trace-1"])
    }

    @Test("a failed attempt's span has the error")
    func errors() async throws {
        let tracer = W3CTracer()
        try await enqueueAndRun(tracer, fails: true)
        let span = try #require(tracer.base.finishedSpans.first { $0.kind == .consumer })
        #expect(span.status?.code == .error)
        #expect(span.errors.count == 1 && span.errors.first?.error is JobFailure)
        #expect(span.attributes["error.type"]?.toSpanAttribute() == .string("JobQueue.JobFailure"))
    }

    @Test("the envelope carries a plain traceparent, and a producer's own trace id wins over it")
    func field() async throws {
        let tracer = W3CTracer()
        try await withTracer(tracer) {
            try await QueueHarness.run { harness in
                try await tracer.withSpan("request") { span in
                    _ = try await harness.queue.enqueue(Work(), id: JobID("traced"))
                    _ = try await harness.queue.enqueue(Work(), id: JobID("own"), traceID: "req_1")
                    let traced = try await harness.inspector.job(id: JobID("traced"), queue: "work")
                    #expect(traced?.traceID == "00-\(span.traceID)-\(span.spanID)-01")
                    let own = try await harness.inspector.job(id: JobID("own"), queue: "work")
                    #expect(own?.traceID == "req_1")
                }
                _ = try await harness.queue.enqueue(Work(), id: JobID("untraced"))
                #expect(try await harness.inspector.job(id: JobID("untraced"), queue: "work")?.traceID == nil)
                // A field of another form starts a trace of its own.
                var handlers = JobHandlers()
                handlers.register(Work.self) { _, _ -> Void in }
                try await harness.withWorker(handlers) { _ in
                    try await eventually("all completed") {
                        try await harness.inspector.queue(named: "work").completed == 3
                    }
                }
            }
        }
        let consumers = tracer.base.finishedSpans.filter { $0.kind == .consumer }
        #expect(consumers.count == 3 && consumers.count { $0.parentSpanID == nil } == 2)
    }

    @Test("tracestate and baggage travel while they fit, in 256 visible characters")
    func size() async throws {
        let fits = W3CTracer(state: ["tracestate": "vendor=a b;c%", "baggage": "user=ü"])
        try await enqueueAndRun(fits)
        #expect(fits.extracted.last == ["vendor=a b;c%", "user=ü"])
        let large = W3CTracer(state: ["tracestate": String(repeating: "x", count: 300), "baggage": "k=v"])
        try await enqueueAndRun(large)
        #expect(large.extracted.last == [nil, "k=v"])
        #expect(Set(large.base.finishedSpans.map(\.traceID)).count == 1)
    }
}

/// The in-memory tracer with W3C's ids and headers, as real tracers inject them.
private struct W3CTracer: Tracer {
    private final class Log: Sendable {
        let extracted = Mutex<[[String?]]>([])
    }

    let base: InMemoryTracer
    let state: [String: String]
    private let log = Log()

    init(state: [String: String] = [:]) {
        self.state = state
        base = InMemoryTracer(
            idGenerator: .init(
                nextTraceID: { Self.hexadecimal(.random(in: 1...(.max)), 32) },
                nextSpanID: {
                    Self.hexadecimal(Self.number.wrappingAdd(1, ordering: .relaxed).newValue, 16)
                }))
    }

    private static let number = Atomic<UInt64>(0)

    private static func hexadecimal(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }

    var extracted: [[String?]] { log.extracted.withLock { $0 } }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> InMemorySpan {
        base.startSpan(
            operationName, context: context(), ofKind: kind, at: instant(), function: function, file: fileID, line: line
        )
    }

    func forceFlush() {}

    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let span = context.inMemorySpanContext else { return }
        injector.inject("00-\(span.traceID)-\(span.spanID)-01", forKey: "traceparent", into: &carrier)
        for (key, value) in state { injector.inject(value, forKey: key, into: &carrier) }
    }

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let parts = extractor.extract(key: "traceparent", from: carrier)?.split(separator: "-"), parts.count == 4
        else { return }
        let others = ["tracestate", "baggage"].map { extractor.extract(key: $0, from: carrier) }
        log.extracted.withLock { $0.append(others) }
        context.inMemorySpanContext = InMemorySpanContext(
            traceID: String(parts[1]), spanID: String(parts[2]), parentSpanID: nil)
    }
}
