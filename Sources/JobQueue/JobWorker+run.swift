internal import Logging
internal import Foundation
internal import Tracing

extension JobWorker {
    /// Runs jobs one after another until none waits or the slot was cancelled.
    func runSlot(_ slot: Slot, _ runner: QueueRunner) async {
        var ended: (epoch: Int64, outcome: Outcome, ran: Duration)?
        let tracer = JobTracing.tracer()
        while let claim = runner.exchange(slot, ended: ended) {
            let start = ContinuousClock.now
            let outcome = await execute(claim, runner, tracer)
            ended = (claim.epoch, outcome, start.duration(to: .now))
        }
    }

    private func execute(_ claim: Claim, _ runner: QueueRunner, _ tracer: (any Tracer)?) async -> Outcome {
        let context = JobContext(claim, queue: runner.queue.name, logger: logger)
        do {
            let completion =
                if let tracer {
                    try await JobTracing.traced(tracer, context) {
                        try await staged(try await claim.handler.run(context))
                    }
                } else {
                    try await staged(try await claim.handler.run(context))
                }
            return outcome(of: claim.handler.verdict(of: completion), context)
        } catch {
            return outcome(of: error, claim, runner, context)
        }
    }

    /// What follows from a job goes through the middleware of its queue like any other enqueue.
    private func staged(_ completion: Completion) async throws -> Completion {
        guard !queue.middleware.isEmpty, !completion.isPlain else { return completion }
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

extension JobContext {
    init(_ claim: Claim, queue: String, logger: Logger) {
        let header = claim.header
        self.init(
            id: claim.id,
            queue: queue,
            name: header.name,
            version: header.version,
            failures: claim.failures,
            lapses: claim.lapses,
            isLastAttempt: claim.failures + 1 >= header.maximumFailures,
            traceID: header.traceID,
            enqueuedAt: Date(timeIntervalSince1970: Double(header.createdMilliseconds) / 1000),
            logger: logger)
        payload = claim.envelope.payload
    }
}
