internal import Logging
internal import Foundation

extension JobWorker {
    /// The longest result, in bytes.
    static let maximumResultBytes = 64 << 10

    /// Runs jobs one after another until none waits or the slot was cancelled.
    func runSlot(_ slot: Slot, _ runner: QueueRunner) async {
        var ended: (epoch: Int64, outcome: Outcome, ran: Duration)?
        while let claim = runner.exchange(slot, ended: ended) {
            let start = ContinuousClock.now
            let outcome = await execute(claim, runner)
            ended = (claim.epoch, outcome, start.duration(to: .now))
        }
    }

    private func execute(_ claim: Claim, _ runner: QueueRunner) async -> Outcome {
        let header = claim.header
        let context = JobContext(
            id: claim.id,
            queue: runner.queue.name,
            name: header.name,
            version: header.version,
            failures: claim.failures,
            lapses: claim.lapses,
            isLastAttempt: claim.failures + 1 >= header.maximumFailures,
            traceID: header.traceID,
            logger: logger
        )
        do {
            return checked(try await claim.handler.run(claim.envelope.payload, context))
        } catch {
            return outcome(of: error, claim, runner, context)
        }
    }

    private func checked(_ completion: Completion) -> Outcome {
        if completion.isPlain { return .completed(completion) }
        let jobs = completion.followUps.count + completion.effects.reduce(0) { $0 + $1.jobs.count }
        guard jobs <= JobQueue.maximumBatch else {
            return .failed(
                delay: .zero, isPermanent: true, message: "A completion has \(jobs) jobs; at most 1,000 go.")
        }
        guard (completion.result?.utf8.count ?? 0) <= Self.maximumResultBytes else {
            return .failed(delay: .zero, isPermanent: true, message: "The result is over 64 KiB; store it and name it.")
        }
        return .completed(completion)
    }

    private func outcome(
        of error: any Error, _ claim: Claim, _ runner: QueueRunner, _ context: JobContext
    ) -> Outcome {
        switch runner.stopReason(claim.epoch) {
        case .drained, .leaseLost:
            return .released(list: claim.list)
        case .timeout:
            return failed(claim, "The attempt took longer than \(claim.handler.options.timeout ?? .zero).", context)
        case nil:
            break
        }
        guard let failure = error as? JobFailure else {
            return failed(claim, String(describing: error), context)
        }
        switch failure.kind {
        case .permanent:
            context.logger.warning("the job failed for good", metadata: ["error": "\(failure.reason)"])
            return .failed(delay: .zero, isPermanent: true, message: shortened(failure.reason))
        case .retry(let delay):
            context.logger.info(
                "the job is tried again", metadata: ["reason": "\(failure.reason)", "after": "\(delay)"])
            return .failed(delay: delay, isPermanent: false, message: shortened(failure.reason))
        }
    }

    private func failed(_ claim: Claim, _ message: String, _ context: JobContext) -> Outcome {
        context.logger.warning("the attempt failed", metadata: ["error": "\(message)"])
        var generator = SystemRandomNumberGenerator()
        let delay = claim.handler.options.backoff.delay(failures: claim.failures + 1, using: &generator)
        return .failed(delay: delay, isPermanent: false, message: shortened(message))
    }

    /// Errors are kept in Redis, so they are bounded: 2,000 bytes.
    private func shortened(_ message: String) -> String {
        guard message.utf8.count > 2000 else { return message }
        return String(decoding: message.utf8.prefix(2000), as: UTF8.self) + "…"
    }
}
