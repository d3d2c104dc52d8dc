internal import Logging
internal import Tracing

extension JobWorker {
    /// Runs jobs one after another until none waits or the slot was cancelled.
    func runSlot(_ slot: Slot, _ runner: QueueRunner) async {
        var ended: (epoch: Int64, outcome: Outcome, ran: Duration)?
        let tracer = JobTracing.tracer()
        // Of the type that ran last: mostly the next is of the same.
        var type = ""
        var instruments: QueueInstruments.OfType?
        // The end of one is the start of the next: the clock is read once for each.
        var start = ContinuousClock.now
        while let claim = runner.exchange(slot, ended: ended, now: start) {
            let context = JobContext(claim, self, runner, startedAt: start)
            let outcome = await execute(claim, runner, context, tracer)
            let end = ContinuousClock.now
            let ran = start.duration(to: end)
            start = end
            ended = (claim.epoch, outcome, ran)
            if claim.header.name != type {
                type = claim.header.name
                instruments = runner.metrics.of(type: type)
            }
            instruments?.ran(for: ran)
        }
    }

    private func execute(
        _ claim: Claim, _ runner: QueueRunner, _ context: JobContext, _ tracer: (any Tracer)?
    ) async -> Outcome {
        do {
            let completion =
                if let tracer {
                    try await JobTracing.traced(tracer, context) { try await run(claim, context) }
                } else {
                    try await run(claim, context)
                }
            return outcome(of: claim.handler.verdict(of: completion), context)
        } catch {
            return outcome(of: error, claim, runner, context)
        }
    }

    private func run(_ claim: Claim, _ context: JobContext) async throws -> Completion {
        let completion = try await claim.handler.run(context)
        return completion.isPlain ? completion : try await staged(completion.inheriting(from: context))
    }

    /// What follows from a job goes through the middleware of its queue like any other enqueue.
    private func staged(_ completion: Completion) async throws -> Completion {
        guard !queue.middleware.isEmpty else { return completion }
        var staged = completion
        staged.followUps = try await queue.throughMiddleware(staged.followUps)
        for index in staged.effects.indices {
            staged.effects[index].jobs = try await queue.throughMiddleware(staged.effects[index].jobs)
        }
        return staged
    }

    private func outcome(
        of error: any Error, _ claim: Claim, _ runner: QueueRunner, _ context: JobContext
    ) -> Outcome {
        switch runner.stopReason(claim.epoch) {
        case .drained, .leaseLost:
            return .released(list: claim.list)
        case .timeout:
            let timeout = JobTimeout(limit: claim.handler.options.timeout ?? .zero)
            return outcome(of: claim.handler.verdict(of: timeout, context), context)
        case .cancelled:
            return .cancelled(reason: "")
        case nil:
            return outcome(of: claim.handler.verdict(of: error, context), context)
        }
    }

    private func outcome(of verdict: Verdict, _ context: JobContext) -> Outcome {
        switch verdict {
        case .completed(let completion):
            return .completed(completion)
        case .failed(let range, let message):
            context.logger.warning("the attempt failed", metadata: ["error": "\(message)"])
            var generator = SystemRandomNumberGenerator()
            return .failed(delay: range.drawn(using: &generator), isPermanent: false, message: message)
        case .permanent(let message):
            context.logger.warning("the job failed for good", metadata: ["error": "\(message)"])
            return .failed(delay: .zero, isPermanent: true, message: message)
        }
    }
}
