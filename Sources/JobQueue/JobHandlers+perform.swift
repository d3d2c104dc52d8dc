internal import Foundation

extension JobHandlers {
    /// Performs one attempt here and now, without Redis: for tests of handlers.
    ///
    /// The job is encoded and decoded, goes through the middleware to its handler, and what comes of it is judged as a
    /// worker would: limits of a completion, effects that nobody registered, the `retry` hook, ``JobFailure``, backoff
    /// and the budget of failures. Only what needs a worker is left out: timeouts, leases, and an effect's Lua.
    ///
    /// ```swift
    /// let outcome = try await handlers.perform(ChargeOrder(order: "ord_1"))
    /// #expect(outcome.completion?.effects.map(\.name) == ["order-paid"])
    /// ```
    /// - Parameter context: the attempt to make; by default the first one of a fresh job.
    /// - Throws: only what the payload's encoding throws; a handler's error is part of the outcome.
    public func perform<J: Job>(_ job: J, context: JobContext? = nil) async throws -> JobOutcome {
        guard let handler = handlers[TypeKey(name: J.name, version: J.version)] else { return .parked }
        var context = context ?? JobContext(queue: J.queue, name: J.name, version: J.version)
        context.payload = try JSONEncoder().encode(job)
        let verdict: Verdict
        do {
            verdict = handler.verdict(of: try await handler.run(context).inheriting(from: context))
        } catch {
            verdict = handler.verdict(of: error, context)
        }
        return outcome(of: verdict, handler.options, context)
    }

    private func outcome(of verdict: Verdict, _ options: JobOptions, _ context: JobContext) -> JobOutcome {
        switch verdict {
        case .completed(let completion):
            let known = Set(effects.map(\.name))
            guard let unknown = completion.effects.first(where: { !known.contains($0.name) }) else {
                return .completed(completion)
            }
            let delay = options.backoff.range(failures: context.failures + 1)
            return failed(after: delay, "unknown_effect:\(unknown.name)", options, context)
        case .failed(let delay, let message):
            return failed(after: delay, message, options, context)
        case .permanent(let message):
            return .dead(reason: message)
        }
    }

    private func failed(
        after delay: ClosedRange<Duration>, _ message: String, _ options: JobOptions, _ context: JobContext
    ) -> JobOutcome {
        guard context.failures + 1 < max(1, options.maximumFailures) else { return .dead(reason: message) }
        return .retry(after: delay, reason: message)
    }
}
