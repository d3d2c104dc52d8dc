import Foundation
import Payments

/// The state, its journal, and which idempotency keys are at work.
actor StubStore {
    /// What has to happen later than the request that caused it.
    enum Work: Sendable {
        case deliver(event: String)
        /// As `deliver`, past the knob that reorders.
        case deliverNow(event: String)
        case settle(intent: String, at: Int64)
        case failRefund(String, at: Int64)
    }

    private var state: StubState
    private var inFlight: Set<String> = []
    private let journal: Journal
    private let scheduler: AsyncStream<Work>.Continuation
    private let clock: @Sendable () -> Date

    /// Work in the order it arose, what a crash left undone first; for one consumer.
    nonisolated let work: AsyncStream<Work>

    init(directory: String, hasReceiver: Bool, clock: @escaping @Sendable () -> Date) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var state = StubState(hasReceiver: hasReceiver)
        let decoder = JSONDecoder()
        journal = try Journal(path: directory + "/journal.jsonl") { line in
            state.replay(try decoder.decode(JournalEntry.self, from: line))
        }
        self.state = state
        self.clock = clock
        (work, scheduler) = AsyncStream.makeStream()
        for work in Self.unfinished(state) {
            scheduler.yield(work)
        }
    }

    /// Claims a key for a request that is about to run.
    ///
    /// Returns the stored answer if the request already ran; throws if the key belongs to another request (400) or is at work (409).
    func claim(_ key: String, fingerprint: String) async throws -> Reply? {
        if let stored = state.remembered(key, now: clock()) {
            guard stored.fingerprint == fingerprint else {
                throw StubError(
                    status: 400,
                    kind: .idempotency,
                    code: "idempotency_key_reused",
                    message: "Keys for idempotent requests can only be used with the same endpoint and parameters."
                )
            }
            try await journal.flush()
            return stored.reply
        }
        guard inFlight.insert(key).inserted else {
            throw StubError(
                status: 409,
                kind: .idempotency,
                code: "idempotency_key_in_use",
                message: "Another request with this Idempotency-Key is running."
            )
        }
        return nil
    }

    /// Gives a key back whose request ended without an answer worth keeping.
    func release(_ key: String) {
        inFlight.remove(key)
    }

    /// Changes the state and returns when the change, and the answer under its key, are on the disk.
    func commit(
        key: (key: String, fingerprint: String)?,
        _ operation: @Sendable (inout StubState, Date) throws -> Reply
    ) async throws -> Reply {
        let now = clock()
        let result = Result { try operation(&state, now) }
        if let key, case .success(let reply) = result {
            state.put(StoredKey(key: key.key, fingerprint: key.fingerprint, reply: reply, at: now.milliseconds))
        }
        try record()
        try await journal.flush()
        // Only now: a retry that came during the fsync must not run a second time, nor see an answer that may be lost.
        if let key { inFlight.remove(key.key) }
        return try result.get()
    }

    /// Changes the state outside any request.
    func update(_ operation: @Sendable (inout StubState, Date) -> Void) async throws {
        operation(&state, clock())
        try record()
        try await journal.flush()
    }

    /// Reads the state; like every answer, this one waits until what it shows is on the disk.
    func read<Value: Sendable>(_ operation: @Sendable (borrowing StubState) throws -> Value) async throws -> Value {
        let value = try operation(state)
        try await journal.flush()
        return value
    }

    /// Lets go of the journal; nothing can be changed or read any more.
    nonisolated func close() async {
        await journal.close()
    }

    nonisolated func schedule(_ work: Work) {
        scheduler.yield(work)
    }

    private func record() throws {
        let entry = state.takeChanges()
        guard !entry.isEmpty else { return }
        journal.append(try JSONEncoder().encode(entry))
        for work in Self.work(of: entry) {
            scheduler.yield(work)
        }
    }

    private static func work(of entry: JournalEntry) -> [Work] {
        var work: [Work] = []
        for event in entry.events ?? [] where event.delivery == .pending && event.attempts == 0 {
            work.append(.deliver(event: event.event.id))
        }
        for stored in entry.intents ?? [] {
            if let at = stored.settlesAt { work.append(.settle(intent: stored.intent.id, at: at)) }
        }
        for stored in entry.refunds ?? [] {
            if let at = stored.failsAt { work.append(.failRefund(stored.refund.id, at: at)) }
        }
        return work
    }

    private static func unfinished(_ state: StubState) -> [Work] {
        var work: [Work] = []
        for id in state.eventOrder where state.events[id]?.delivery == .pending {
            work.append(.deliver(event: id))
        }
        for stored in state.intents.values {
            if let at = stored.settlesAt { work.append(.settle(intent: stored.intent.id, at: at)) }
        }
        for stored in state.refunds.values {
            if let at = stored.failsAt { work.append(.failRefund(stored.refund.id, at: at)) }
        }
        return work
    }
}
