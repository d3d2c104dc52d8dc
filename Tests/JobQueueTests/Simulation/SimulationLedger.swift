import Synchronization

/// What the producers know, and what was done to the world.
final class SimulationLedger: Sendable {
    struct Entry {
        let item: SimulationPlan.Item
        var isAcknowledged = false
        /// Another one held its lock.
        var isRefused = false
        /// Came with a change of state, which shows whether it happened.
        var isChange = false
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var faults: [String: Int] = [:]
        var violations: [String] = []
    }

    private let state = Mutex(State())

    var entries: [String: Entry] { state.withLock { $0.entries } }
    var faults: [String: Int] { state.withLock { $0.faults } }
    var violations: [String] { state.withLock { $0.violations } }

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

    func refused(_ item: SimulationPlan.Item) {
        state.withLock { $0.entries[item.id]?.isRefused = true }
    }

    func injected(_ fault: String, _ count: Int = 1) {
        state.withLock { $0.faults[fault, default: 0] += count }
    }

    func violated(_ what: String) {
        // The first ones tell; a thousand more of the same do not.
        state.withLock { if $0.violations.count < 20 { $0.violations.append(what) } }
    }
}
