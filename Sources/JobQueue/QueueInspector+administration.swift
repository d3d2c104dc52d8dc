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
