import JobQueue
import Synchronization
import TestSupport

/// What the producers and operators know, and what was done to the world.
final class SimulationLedger: Sendable {
    struct Entry: Sendable {
        let item: SimulationPlan.Item
        var isAcknowledged = false
        /// Another one held its lock, at this time of Redis's clock or later.
        var refusal: (holder: String, notBefore: Int64)?
        var isRefused: Bool { refusal != nil }
        /// Came with a change of state, which shows whether it happened.
        var isChange = false
        var operation: Operation?
    }

    /// What an operator knows of what it did.
    struct Operation: Sendable {
        let kind: SimulationPlan.Operation.Kind
        /// Nothing where the answer was lost.
        var answer: JobOperationResult?
        /// The job's effects when the answer was there, if it said that nothing more can come.
        var effects: Int?
        /// The answer of the retry that followed.
        var retry: JobOperationResult?
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var batches: [(batch: SimulationPlan.Batch, isAcknowledged: Bool)] = []
        var faults: [String: Int] = [:]
        var works: [String: Int] = [:]
        var violations: [String] = []
        var proxies: [FaultProxy] = []
    }

    private let state = Mutex(State())

    var entries: [String: Entry] { state.withLock { $0.entries } }
    var batches: [(batch: SimulationPlan.Batch, isAcknowledged: Bool)] { state.withLock { $0.batches } }
    var works: [String: Int] { state.withLock { $0.works } }
    var violations: [String] { state.withLock { $0.violations } }

    /// What was injected, and what the proxies say that they did.
    var faults: [String: Int] {
        let (faults, proxies) = state.withLock { ($0.faults, $0.proxies) }
        return proxies.reduce(into: faults) { $0.merge($1.done, uniquingKeysWith: +) }
    }

    func watches(_ proxy: FaultProxy) { state.withLock { $0.proxies.append(proxy) } }

    func sends(_ items: [SimulationPlan.Item], isChange: Bool = false) {
        state.withLock { state in
            for item in items { state.entries[item.id] = Entry(item: item, isChange: isChange) }
        }
    }

    func acknowledged(_ items: [SimulationPlan.Item]) {
        state.withLock { state in
            for item in items { state.entries[item.id]?.isAcknowledged = true }
        }
    }

    func ended(_ batch: SimulationPlan.Batch, isAcknowledged: Bool) {
        state.withLock { $0.batches.append((batch, isAcknowledged)) }
    }

    func refused(_ item: SimulationPlan.Item, by holder: String, notBefore: Int64) {
        state.withLock { $0.entries[item.id]?.refusal = (holder, notBefore) }
    }

    func operated(_ id: String, _ operation: Operation) {
        state.withLock { $0.entries[id]?.operation = operation }
    }

    func injected(_ fault: String, _ count: Int = 1) {
        state.withLock { $0.faults[fault, default: 0] += count }
    }

    /// Counts a kind of work, so that a run shows what it had.
    func did(_ work: String, _ count: Int = 1) {
        state.withLock { $0.works[work, default: 0] += count }
    }

    func violated(_ what: String) {
        // The first ones tell; a thousand more of the same do not.
        state.withLock { if $0.violations.count < 20 { $0.violations.append(what) } }
    }
}
