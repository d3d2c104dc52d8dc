internal import Synchronization

/// Shares the places of a process among its queues, where they want more than there are.
///
/// A place is free, granted to a queue that has not taken it yet, or taken: by a turn that asks for jobs, then by the
/// job until it ends. Who gets a free one goes by deficit round-robin: a queue is served as often in a row as its weight
/// says, then the next has its turn. It was chosen over a lottery because no queue waits longer than a round.
///
/// A full process blocks on no queue, so it hears no hints; therefore a queue that is believed to be empty is granted a
/// place to look again, every 20 ms, while another queue would take that place.
final class PlaceBoard: Sendable {
    private struct Entry {
        let weight: Int
        /// How many more it could use at most, and how many of them it has work for.
        var room = 0
        var wants = 0
        var granted = 0
        var deficit = 0
        /// When it may be granted a place to look.
        var looksAt = ContinuousClock.now
        /// It waits without a place, and without hearing hints.
        var isShut = false
    }

    private struct State {
        var free: Int
        var entries: [Entry]
        var cursor = 0
    }

    static let lookInterval = Duration.milliseconds(20)

    private let order: JobWorkerConfiguration.Order
    private let state: Mutex<State>
    private let signals: SignalGroup

    init(_ configuration: JobWorkerConfiguration, signals: SignalGroup) {
        order = configuration.order
        self.signals = signals
        state = Mutex(
            State(free: configuration.places, entries: configuration.queues.map { Entry(weight: $0.weight) }))
    }

    /// A queue says what it could use now, and takes what it is granted.
    ///
    /// - Returns: how many it has taken, and whether there are places left for it to wait with.
    func take(_ queue: Int, room: Int, wants: Int) -> (taken: Int, hasPlaces: Bool) {
        let (result, woken) = state.withLock { state in
            let spare = max(0, state.entries[queue].granted - room)
            state.entries[queue].granted -= spare
            state.free += spare
            state.entries[queue].room = room
            state.entries[queue].wants = max(0, wants - state.entries[queue].granted)
            state.entries[queue].isShut = false
            var woken = distribute(&state)
            woken.remove(queue)
            let taken = state.entries[queue].granted
            state.entries[queue].granted = 0
            state.entries[queue].room -= taken
            let hasPlaces = room > 0 && taken + state.free > 0
            state.entries[queue].isShut = room > 0 && !hasPlaces
            return ((taken, hasPlaces), woken)
        }
        signals.fire(woken)
        return result
    }

    /// Places that a queue's jobs, or a turn that found too little, no longer use.
    func giveBack(_ queue: Int, _ count: Int, isEmpty: Bool = false) {
        guard count > 0 else { return }
        let woken = state.withLock { state in
            state.free += count
            state.entries[queue].room += count
            if isEmpty {
                state.entries[queue].wants = 0
                state.entries[queue].looksAt = .now + Self.lookInterval
            }
            return distribute(&state)
        }
        signals.fire(woken)
    }

    /// Grants what is free; returns the queues that are to look at their grants, or may wait with places again.
    private func distribute(_ state: inout State) -> Set<Int> {
        var woken: Set<Int> = []
        guard state.free > 0 else { return woken }
        let now = ContinuousClock.now
        while state.free > 0, let queue = next(&state, now: now) {
            state.free -= 1
            state.entries[queue].granted += 1
            if state.entries[queue].wants > 0 {
                state.entries[queue].wants -= 1
            } else {
                state.entries[queue].looksAt = now + Self.lookInterval
            }
            woken.insert(queue)
        }
        if state.free > 0 {
            for queue in state.entries.indices where state.entries[queue].isShut {
                state.entries[queue].isShut = false
                woken.insert(queue)
            }
        }
        return woken
    }

    private func next(_ state: inout State, now: ContinuousClock.Instant) -> Int? {
        guard state.entries.contains(where: { $0.wants > 0 }) else { return nil }
        func isCandidate(_ entry: Entry) -> Bool {
            entry.wants > 0 || (entry.room > 0 && entry.granted == 0 && entry.looksAt <= now)
        }
        if order == .strict { return state.entries.firstIndex(where: isCandidate) }
        while true {
            let queue = state.cursor
            guard isCandidate(state.entries[queue]) else {
                state.entries[queue].deficit = 0
                state.cursor = (queue + 1) % state.entries.count
                continue
            }
            if state.entries[queue].deficit == 0 { state.entries[queue].deficit = state.entries[queue].weight }
            state.entries[queue].deficit -= 1
            if state.entries[queue].deficit == 0 { state.cursor = (queue + 1) % state.entries.count }
            return queue
        }
    }
}
