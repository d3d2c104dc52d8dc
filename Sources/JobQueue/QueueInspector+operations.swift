internal import Foundation
internal import RedisClient

extension QueueInspector {
    static let adminScript = Linker.script(
        "admin", PackageResources.fate_lua, PackageResources.locate_lua, PackageResources.admin_lua,
        flags: "allow-oom")
    /// The most jobs that one script changes, so that Redis is held up for about a millisecond.
    static let operationBatch = 100

    /// Does something to one job, as one atomic step.
    ///
    /// - Returns: what became of it; the job's state is checked in the same step.
    /// - Throws: `JobQueueError`; `.invalidJob` or `.payloadTooLarge` for an argument that makes no sense,
    ///   `.outcomeUnknown` if the answer was lost.
    @discardableResult
    public func perform(
        _ operation: JobOperation, on id: JobID, queue name: String
    ) async throws -> JobOperationResult {
        try await perform(operation, on: [id], queue: name)[0]
    }

    /// Does something to many jobs of a queue, up to 100 in one atomic step; the results are in the ids' order.
    @discardableResult
    public func perform(
        _ operation: JobOperation, on ids: [JobID], queue name: String
    ) async throws -> [JobOperationResult] {
        let (word, argument) = try operation.words()
        var results: [JobOperationResult] = []
        var rest = ids[...]
        while !rest.isEmpty {
            let some = rest.prefix(Self.operationBatch)
            rest = rest.dropFirst(some.count)
            let arguments =
                [
                    RedisArgument(word), RedisArgument(name), RedisArgument(argument),
                    RedisArgument(queue.limits.dead),
                ]
                + some.map { RedisArgument($0.rawValue) }
            let reply = try await evaluate(Self.adminScript, arguments, retry: .never)
            let answers = (reply.array ?? []).compactMap { JobOperationResult(reply: $0) }
            guard answers.count == some.count else {
                throw JobQueueError(.unexpectedReply, "admin answered \(reply)")
            }
            results += answers
        }
        return results
    }

    /// Ends a job that does not run, as cancelled; asks a running one to stop, wherever it runs.
    @discardableResult
    public func cancel(id: JobID, queue name: String, reason: String? = nil) async throws -> JobOperationResult {
        try await perform(.cancel(reason: reason), on: id, queue: name)
    }

    /// Ends a job as cancelled wherever it is; a running one loses its lease at once.
    @discardableResult
    public func kill(id: JobID, queue name: String, reason: String? = nil) async throws -> JobOperationResult {
        try await perform(.kill(reason: reason), on: id, queue: name)
    }

    /// Puts a dead job back on its queue with fresh budgets, or lets a scheduled one run now.
    ///
    /// - Returns: `false` if it is neither; ``perform(_:on:queue:)-(_,JobID,_)`` says why.
    @discardableResult
    public func retry(id: JobID, queue name: String) async throws -> Bool {
        switch try await perform(.retry, on: id, queue: name) {
        case .done: true
        case .wrongState(.scheduled): try await perform(.runNow, on: id, queue: name) == .done
        default: false
        }
    }

    /// Deletes a job in any state; a running one loses its lease, so that its end counts for nothing.
    ///
    /// - Returns: `false` if there is no such job.
    @discardableResult
    public func delete(id: JobID, queue name: String) async throws -> Bool {
        try await perform(.delete, on: id, queue: name) == .done
    }
}

extension JobOperation {
    /// The operation and its argument as `Lua/admin.lua` takes them.
    func words() throws -> (String, String) {
        switch self {
        case .retry: return ("retry", "")
        case .runNow: return ("run", "")
        case .cancel(let reason): return ("cancel", String((reason ?? "").prefix(1_000)))
        case .kill(let reason): return ("kill", String((reason ?? "").prefix(1_000)))
        case .delete: return ("delete", "")
        case .move(let queue):
            guard isPlainName(queue) else {
                throw JobQueueError(
                    .invalidJob, "A queue's name has 1 to 64 letters, digits, '.', '_' or '-': '\(queue)'.")
            }
            return ("move", queue)
        case .edit(let payload):
            try checkPayload(payload)
            return ("edit", payload)
        }
    }
}

/// - Throws: `JobQueueError` if a text is no JSON or larger than a payload may be.
func checkPayload(_ text: String) throws {
    guard text.utf8.count <= JobQueue.maximumPayloadBytes else {
        throw JobQueueError(
            .payloadTooLarge,
            "The payload has \(text.utf8.count) bytes; at most \(JobQueue.maximumPayloadBytes) go.")
    }
    do {
        _ = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    } catch {
        throw JobQueueError(.invalidJob, "The payload is no JSON: \(error.localizedDescription)")
    }
}

extension JobOperationResult {
    /// Reads one answer of `Lua/admin.lua`; `nil` if it has another form.
    init?(reply: RESPValue) {
        guard let parts = reply.array, let code = parts.first?.string else { return nil }
        let detail = parts.count > 1 ? parts[1].string ?? "" : ""
        switch code {
        case "done": self = .done
        case "requested": self = .requested
        case "missing": self = .notFound
        case "unique": self = .uniqueHeld(by: detail.isEmpty ? nil : JobID(detail))
        case "duplicate": self = .duplicate
        case "state":
            guard let state = JobState(rawValue: detail) else { return nil }
            self = .wrongState(state)
        default: return nil
        }
    }
}
