/// What an operator can do to a job.
public enum JobOperation: Sendable, Hashable {
    /// Puts a dead job back on its queue with fresh budgets; its troubles stay to be read.
    case retry
    /// Makes a scheduled job claimable at once; it keeps what it used of its budgets.
    case runNow
    /// Ends a job that does not run, as cancelled; asks a running one to stop, which its handler may not heed.
    case cancel(reason: String? = nil)
    /// Ends a job as cancelled wherever it is; a running one loses its lease at once, so that none of its effects is
    /// applied any more, and its worker is told.
    case kill(reason: String? = nil)
    /// Removes a job as if it had never been; of a completed one, the memory. A running one loses its lease, so
    /// that its end counts for nothing.
    case delete
    /// Moves a job that does not run to another queue, with its id, troubles, lock and batch.
    case move(to: String)
    /// Gives a job that does not run another payload: JSON, checked for its form and size and not for its type.
    /// A lock that was made of the old payload stays.
    case edit(payload: String)

    /// Whether a job in a state allows it; the script that does it decides again.
    public func isAllowed(in state: JobState) -> Bool {
        switch self {
        case .retry: state == .dead
        case .runNow: state == .scheduled
        case .cancel, .kill: state != .dead && state != .completed
        case .delete: true
        case .move, .edit: state != .running && state != .completed
        }
    }
}

extension JobOperation {
    /// Checks what it says before anything is asked of Redis.
    ///
    /// - Throws: `JobQueueError` for a queue's name or a payload that is not allowed.
    public func validate() throws {
        _ = try words()
    }
}

/// What became of an operation on a job.
public enum JobOperationResult: Sendable, Hashable, Codable {
    /// It was done.
    case done
    /// A running job was asked to stop.
    case requested
    /// There is no such job on this queue.
    case notFound
    /// The job is in a state that does not allow it; nothing changed.
    case wrongState(JobState)
    /// Another job holds the lock that this one needs to live again or there; nothing changed.
    case uniqueHeld(by: JobID?)
    /// The queue that it should move to knows a job of this id; nothing changed.
    case duplicate

    /// Why nothing changed, in a word for programs; `done` or `requested` if something did.
    public var reason: String {
        switch self {
        case .done: "done"
        case .requested: "requested"
        case .notFound: "not_found"
        case .wrongState(let state): "is_\(state.rawValue)"
        case .uniqueHeld: "unique_held"
        case .duplicate: "duplicate"
        }
    }

    /// Whether something changed.
    public var isChange: Bool { self == .done || self == .requested }
}

extension JobOperationResult: CustomStringConvertible {
    /// What a person is told.
    public var description: String {
        switch self {
        case .done: "done"
        case .requested: "asked to stop"
        case .notFound: "there is no such job"
        case .wrongState(let state): "it is \(state.rawValue)"
        case .uniqueHeld(let id): "its unique lock is held" + (id.map { " by \($0)" } ?? "")
        case .duplicate: "the queue knows a job of this id"
        }
    }
}
