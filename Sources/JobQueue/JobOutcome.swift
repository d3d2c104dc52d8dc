/// What an attempt comes to: the answer of ``JobHandlers/perform(_:context:)``.
public enum JobOutcome: Sendable {
    /// The handler succeeded; its effects and follow-ups would be applied with the acknowledgement.
    case completed(Completion)
    /// The job would be tried again after a delay drawn from this range (one value where there is no jitter).
    case retry(after: ClosedRange<Duration>, reason: String)
    /// The job would be dead-lettered: the failure was permanent, or its budget is used up.
    case dead(reason: String)
    /// No handler is registered for the type and version: the job would wait for a process that has one.
    case parked

    /// The completion, if the attempt succeeded.
    public var completion: Completion? {
        guard case .completed(let completion) = self else { return nil }
        return completion
    }
}

/// What an attempt comes to before its budget is looked at, which Redis does.
enum Verdict: Sendable {
    case completed(Completion)
    case failed(after: ClosedRange<Duration>, message: String)
    case permanent(message: String)
}

extension JobHandlers.Handler {
    /// The longest result, in bytes.
    static let maximumResultBytes = 64 << 10

    /// A completion, unless it is over a limit.
    func verdict(of completion: Completion) -> Verdict {
        if completion.isPlain { return .completed(completion) }
        let (jobs, bytes) = (completion.jobCount, completion.byteCount)
        guard jobs <= JobQueue.maximumBatch else {
            return .permanent(message: "A completion has \(jobs) jobs; at most \(JobQueue.maximumBatch) go.")
        }
        guard bytes <= Completion.maximumBytes else {
            return .permanent(message: "A completion has \(bytes) bytes; at most \(Completion.maximumBytes) go.")
        }
        guard (completion.result?.utf8.count ?? 0) <= Self.maximumResultBytes else {
            return .permanent(message: "The result is over 64 KiB; store it and name it.")
        }
        return .completed(completion)
    }

    /// What becomes of a handler's error: the type's hook first, then ``JobFailure``, then the backoff.
    func verdict(of error: any Error, _ context: JobContext) -> Verdict {
        let failure = error as? JobFailure
        let message = Self.shortened(failure?.reason ?? String(describing: error))
        switch retry?(error, context.attempt) ?? .standard {
        case .permanent: return .permanent(message: message)
        case .retry(let delay): return .failed(after: delay...delay, message: message)
        case .standard: break
        }
        switch failure?.kind {
        case .permanent: return .permanent(message: message)
        case .retry(let delay): return .failed(after: delay...delay, message: message)
        case nil: return .failed(after: options.backoff.range(failures: context.failures + 1), message: message)
        }
    }

    /// Errors are kept in Redis, so they are bounded: 2,000 bytes.
    static func shortened(_ message: String) -> String {
        guard message.utf8.count > 2000 else { return message }
        return String(decoding: message.utf8.prefix(2000), as: UTF8.self) + "…"
    }
}
