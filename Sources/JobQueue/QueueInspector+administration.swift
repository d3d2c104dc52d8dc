internal import RedisClient

extension QueueInspector {
    static let queueScript = Linker.script(
        "admin_queue", PackageResources.fate_lua, PackageResources.admin_queue_lua, flags: "allow-oom")

    /// Stops claims of a queue; what runs goes on.
    ///
    /// - Returns: `false` if it was paused already.
    @discardableResult
    public func pause(queue name: String) async throws -> Bool {
        try await change("pause", name)
    }

    /// Lets a queue be claimed again.
    ///
    /// - Returns: `false` if it was not paused.
    @discardableResult
    public func resume(queue name: String) async throws -> Bool {
        try await change("resume", name)
    }

    /// Sets what may run of a queue over all workers, or takes limits away; it holds from the next claims on.
    ///
    /// - Returns: `false` if the limits were so already.
    /// - Throws: `JobQueueError` with `.invalidConfiguration` for a value that would stop the queue.
    @discardableResult
    public func setLimits(queue name: String, _ limits: QueueLimits) async throws -> Bool {
        try limits.validate()
        func text(_ value: (some BinaryInteger)?) -> RedisArgument { RedisArgument(value.map { "\($0)" } ?? "") }
        return try await change(
            "limits", name,
            [
                text(limits.concurrency), text(limits.rate?.count), text(limits.rate?.milliseconds),
                text(limits.rate?.burst),
            ])
    }

    /// What became of the removal of a queue.
    public enum Removal: Sendable, Hashable {
        /// It is gone.
        case removed
        /// It has jobs in this state; nothing changed (or, when forced, jobs came while it was emptied).
        case notEmpty(JobState, count: Int)
    }

    /// Removes a queue with its counters, limits and what is remembered of ended jobs; the next job makes it anew.
    ///
    /// - Parameters:
    ///   - force: whether its jobs are deleted first and those that run are killed, see ``empty(queue:state:progress:)``.
    ///   - progress: told how many jobs are gone.
    /// - Returns: what became of it.
    public func remove(
        queue name: String, force: Bool = false, progress: (Int) async throws -> Void = { _ in }
    ) async throws -> Removal {
        if force {
            try await apply(.kill(reason: "the queue was removed"), queue: name, state: .running)
            try await empty(queue: name, progress: progress)
        }
        let reply = try await evaluate(
            Self.queueScript, ["remove", RedisArgument(name)], retry: .safe)
        guard let values = reply.array, let changed = values.first?.int else {
            throw JobQueueError(.unexpectedReply, "remove answered \(reply)")
        }
        guard changed == 0 else { return .removed }
        guard values.count == 3, let state = values[1].string.flatMap({ JobState(rawValue: $0) }),
            let count = values[2].int
        else { throw JobQueueError(.unexpectedReply, "remove answered \(reply)") }
        return .notEmpty(state, count: count)
    }

    /// Looks at a queue until nothing waits and nothing runs; the last status says so.
    ///
    /// It changes nothing: pause the producers first, or it may never end. A paused queue with waiting jobs does not
    /// drain; ``QueueStatus/isPaused`` says so.
    public func drain(queue name: String, every interval: Duration = .milliseconds(500)) -> QueueDrain {
        QueueDrain(inspector: self, queue: name, interval: interval)
    }

    private func change(_ operation: String, _ name: String, _ arguments: [RedisArgument] = []) async throws -> Bool {
        guard isPlainName(name) else {
            throw JobQueueError(
                .invalidJob, "A queue's name has 1 to 64 letters, digits, '.', '_' or '-': '\(name)'.")
        }
        return try await evaluate(
            Self.queueScript, [RedisArgument(operation), RedisArgument(name)] + arguments, retry: .safe
        ).int == 1
    }
}

/// The statuses of a queue until it is drained; see ``QueueInspector/drain(queue:every:)``.
public struct QueueDrain: AsyncSequence, Sendable {
    /// A status.
    public typealias Element = QueueStatus

    let inspector: QueueInspector
    let queue: String
    let interval: Duration

    /// Begins to look.
    public func makeAsyncIterator() -> Iterator { Iterator(drain: self) }

    /// Looks once in the interval.
    public struct Iterator: AsyncIteratorProtocol {
        let drain: QueueDrain
        var latest: QueueStatus?

        init(drain: QueueDrain) {
            self.drain = drain
        }

        /// The next status; `nil` after the first one without waiting and running jobs.
        public mutating func next() async throws -> QueueStatus? {
            if let latest {
                guard latest.depth + latest.running > 0 else { return nil }
                try await Task.sleep(for: drain.interval)
            }
            latest = try await drain.inspector.queue(named: drain.queue, minutes: 0)
            return latest
        }
    }
}
