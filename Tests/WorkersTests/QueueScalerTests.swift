import JobQueue
import Testing

@testable import Pool

/// A queue that is worked on by as many processes as the scaler says, second by second, without a clock.
private struct Plant {
    var scaler = QueueScaler()
    let limits: QueueScaler.Limits
    var ready: Int
    var starting: [Double] = []
    /// When each waiting job came; the oldest first.
    var backlog: [Double] = []
    let run: Double
    var history: [(at: Double, wanted: Int, latency: Double)] = []

    init(limits: QueueScaler.Limits, run: Double) {
        self.limits = limits
        self.run = run
        ready = limits.minimum
    }

    /// One look, every two seconds; a process is ready two seconds after it was started.
    mutating func step(_ at: Double, arrivals: Int) {
        backlog += (0..<arrivals).map { at - 2 + 2 * Double($0) / Double(max(1, arrivals)) }
        ready += starting.count { $0 <= at }
        starting.removeAll { $0 <= at }
        let capacity = Int(Double(ready * limits.concurrency) * 2 / run)
        let done = min(capacity, backlog.count)
        backlog.removeFirst(done)
        let busy = min(Double(ready * limits.concurrency), Double(done) * run / 2)
        let latency = backlog.first.map { at - $0 } ?? 0
        let wanted = scaler.decide(
            QueueScaler.Observation(
                at: at, waiting: backlog.count, running: Int(busy.rounded(.up)), latency: latency, meanRun: run,
                ready: ready, isPaused: false), limits)
        let missing = wanted - ready - starting.count
        if missing > 0 { starting += Array(repeating: at + 2, count: missing) }
        if missing < 0 { ready = wanted }
        history.append((at, wanted, latency))
    }

    /// How often growth turned into shrinking or back.
    var reversals: Int {
        let changes = zip(history, history.dropFirst()).map { $1.wanted - $0.wanted }.filter { $0 != 0 }
        return zip(changes, changes.dropFirst()).count { ($0 > 0) != ($1 > 0) }
    }
}

@Suite("The scaler")
struct QueueScalerTests {
    private let limits = QueueScaler.Limits(minimum: 1, maximum: 8, concurrency: 4, goal: 1)

    @Test("a step of load is met within half a minute, and given back without flapping", arguments: [3, 8, 20, 40])
    func step(arrivals: Int) throws {
        var plant = Plant(limits: limits, run: 0.5)
        for second in stride(from: 0.0, to: 120, by: 2) { plant.step(second, arrivals: arrivals * 2) }
        // 64 a second is what eight processes do.
        #expect(plant.history.filter { $0.at >= 30 }.allSatisfy { $0.latency <= limits.goal })
        for second in stride(from: 120.0, to: 600, by: 2) { plant.step(second, arrivals: 0) }
        let last = try #require(plant.history.last)
        #expect(last.wanted == limits.minimum)
        #expect(plant.reversals <= 1)
    }

    @Test("a ramp is followed up and down with at most two reversals")
    func ramp() {
        var plant = Plant(limits: limits, run: 0.5)
        for second in stride(from: 0.0, to: 300, by: 2) { plant.step(second, arrivals: Int(second / 300 * 100)) }
        for second in stride(from: 300.0, to: 900, by: 2) {
            plant.step(second, arrivals: max(0, Int((600 - second) / 300 * 100)))
        }
        #expect(plant.history.map(\.wanted).max() ?? 0 >= 6)
        #expect(plant.reversals <= 2)
    }

    @Test("a burst is seen before anyone has waited for the goal")
    func burst() throws {
        var plant = Plant(limits: limits, run: 0.5)
        plant.step(0, arrivals: 2)
        plant.step(2, arrivals: 400)
        let grown = try #require(plant.history.last)
        #expect(grown.wanted == 2)
        #expect(grown.latency <= 2)
        for second in stride(from: 4.0, to: 40, by: 2) { plant.step(second, arrivals: 0) }
        #expect(plant.history.contains { $0.wanted == limits.maximum })
        #expect(plant.backlog.isEmpty)
    }

    @Test("a paused queue keeps what it has, however long its jobs wait")
    func paused() {
        var scaler = QueueScaler()
        for second in stride(from: 0.0, to: 200, by: 2) {
            let count = scaler.decide(
                QueueScaler.Observation(
                    at: second, waiting: 10_000, running: 0, latency: second, meanRun: 1, ready: 2, isPaused: true),
                limits)
            #expect(count == 2)
        }
    }

    @Test("the bounds hold, also when they change")
    func bounds() {
        var scaler = QueueScaler()
        let busy = QueueScaler.Observation(
            at: 0, waiting: 1_000_000, running: 4, latency: 100, meanRun: 1, ready: 1, isPaused: false)
        var limits = limits
        for second in stride(from: 0.0, to: 60, by: 2) {
            var seen = busy
            seen.at = second
            #expect(scaler.decide(seen, limits) <= 8)
        }
        limits.maximum = 3
        #expect(scaler.decide(busy, limits) == 3)
        limits.minimum = 5
        limits.maximum = 9
        #expect(scaler.decide(busy, limits) >= 5)
    }
}

@Suite("The plan of several pools")
struct PoolPlannerTests {
    private func share(_ wanted: Int, minimum: Int = 0, maximum: Int = 4) -> PoolRecord.Share {
        PoolRecord.Share(
            queue: "q", minimum: minimum, maximum: maximum, concurrency: 1, latencyGoalMilliseconds: 1000,
            wanted: wanted)
    }

    @Test("processes go where there is room and move as little as they can")
    func shares() {
        let grown = PoolPlanner.shared(5, [("a", share(2)), ("b", share(1, maximum: 8))], isOverridden: false)
        #expect(grown.map(\.processes) == [2, 3])
        let shrunk = PoolPlanner.shared(2, [("a", share(4)), ("b", share(1))], isOverridden: false)
        #expect(shrunk.map(\.processes) == [1, 1])
        let full = PoolPlanner.shared(100, [("a", share(1)), ("b", share(1))], isOverridden: false)
        #expect(full.map(\.processes) == [4, 4])
        let least = PoolPlanner.shared(
            0, [("a", share(1, minimum: 1)), ("b", share(2, minimum: 1))], isOverridden: false)
        #expect(least.map(\.processes) == [1, 1])
        let forced = PoolPlanner.shared(
            0, [("a", share(1, minimum: 1)), ("b", share(2, minimum: 1))], isOverridden: true)
        #expect(forced.map(\.processes) == [0, 0])
    }

    @Test("an operator's number replaces what the wait asks for")
    func overrides() throws {
        var planner = PoolPlanner()
        let pools = [PoolRecord(id: "a", host: "h", pid: 1, shares: [share(1, minimum: 1)])]
        let override = try #require(PoolOverride("3"))
        let view = PoolView(at: 0, isLeader: true, overrides: ["q": override], wanted: [:], pools: pools)
        let seen = QueueScaler.Observation(
            at: 0, waiting: 0, running: 0, latency: 0, meanRun: nil, ready: 1, isPaused: false)
        let plan = planner.plan(view, ["q": seen])
        #expect(plan.map(\.processes) == [3])
        #expect(PoolOverride("1..8")?.description == "1..8")
        for text in ["", "x", "-1", "3..2", "1..2..3", "1001"] { #expect(PoolOverride(text) == nil) }
    }
}
