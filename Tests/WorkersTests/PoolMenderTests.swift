import Testing

@testable import Pool

@Suite("The mender of a pool")
struct PoolMenderTests {
    private let lease = Duration.seconds(30)

    private func seen(
        _ pid: Int32 = 1, slot: String = "mail-1", queue: String = "mail", age: Duration = .seconds(5),
        mib: Int = 10, limit: Int = 0, beat: Duration? = .seconds(1), stuck: Int = 0
    ) -> PoolMender.Observation {
        PoolMender.Observation(
            process: .init(slot: slot, pid: pid), queue: queue, age: age, residentMiB: mib, memoryLimitMiB: limit,
            beat: beat.map { .init(age: $0, stuck: stuck) })
    }

    @Test("a process that does what it shall is left alone")
    func healthy() {
        var mender = PoolMender(lease: lease)
        for second in stride(from: 0, to: 3_600, by: 2) {
            #expect(mender.look(at: .seconds(second), [seen(mib: 100, limit: 100)]).isEmpty)
        }
    }

    @Test("a silent process is killed at the third look, one that was heard of in between is not")
    func silent() {
        var mender = PoolMender(lease: lease)
        let quiet = seen(beat: .seconds(41))
        #expect(mender.look(at: .seconds(0), [quiet]).isEmpty)
        #expect(mender.look(at: .seconds(2), [quiet]).isEmpty)
        #expect(mender.look(at: .seconds(4), [seen(beat: .seconds(40))]).isEmpty)
        #expect(mender.look(at: .seconds(6), [quiet]).isEmpty)
        mender.forgetSilence()
        #expect(mender.look(at: .seconds(8), [quiet]).isEmpty)
        #expect(mender.look(at: .seconds(10), [quiet]).isEmpty)
        #expect(mender.look(at: .seconds(12), [quiet]) == [.kill(quiet.process)])
    }

    @Test("a process that was never heard of is silent since its start")
    func neverHeardOf() {
        var mender = PoolMender(lease: lease)
        for second in [0, 2, 4] {
            #expect(mender.look(at: .seconds(second), [seen(age: .seconds(40), beat: nil)]).isEmpty)
        }
        var actions: [PoolMender.Action] = []
        for second in [6, 8, 10] { actions += mender.look(at: .seconds(second), [seen(age: .seconds(41), beat: nil)]) }
        #expect(actions == [.kill(.init(slot: "mail-1", pid: 1))])
    }

    @Test("a process whose handlers are stuck for as long as a lease is replaced, once")
    func stuck() {
        var mender = PoolMender(lease: lease)
        let bad = seen(stuck: 1)
        #expect(mender.look(at: .seconds(0), [bad]).isEmpty)
        #expect(mender.look(at: .seconds(20), [seen(stuck: 0)]).isEmpty)
        #expect(mender.look(at: .seconds(22), [bad]).isEmpty)
        #expect(mender.look(at: .seconds(51), [bad]).isEmpty)
        #expect(mender.look(at: .seconds(52), [bad]) == [.replace(bad.process, .stuck)])
        #expect(mender.look(at: .seconds(54), [bad]).isEmpty)
        mender.failed(bad.process)
        #expect(mender.look(at: .seconds(70), [bad]) == [.replace(bad.process, .stuck)])
    }

    @Test("a limit that is too small restarts ever more seldom, at most every ten minutes, and says so once a pause")
    func backsOff() {
        var mender = PoolMender(lease: lease)
        var replacements: [Int] = []
        var warnings = 0
        var pid: Int32 = 1
        for second in stride(from: 0, to: 7_200, by: 2) {
            for action in mender.look(at: .seconds(second), [seen(pid, mib: 101, limit: 100)]) {
                switch action {
                case .replace(let process, .memory):
                    #expect(process.pid == pid)
                    replacements.append(second)
                    pid += 1
                case .postpone(_, .memory, let pause):
                    #expect(pause > .zero)
                    warnings += 1
                default: Issue.record("\(action)")
                }
            }
        }
        let pauses = zip(replacements, replacements.dropFirst()).map { $1 - $0 }
        #expect(pauses.prefix(8) == [10, 20, 40, 80, 160, 320, 600, 600])
        #expect(warnings == replacements.count)
    }

    @Test("the pause begins when the successor is ready, however long its start took")
    func slowStart() {
        var mender = PoolMender(lease: lease)
        let first = seen(1, mib: 101, limit: 100)
        #expect(mender.look(at: .zero, [first]) == [.replace(first.process, .memory)])
        #expect(mender.look(at: .seconds(2), []).isEmpty)
        mender.succeeded(first.process, at: .seconds(40))
        let second = seen(2, mib: 101, limit: 100)
        #expect(mender.look(at: .seconds(42), [second]) == [.postpone(second.process, .memory, .seconds(8))])
        #expect(mender.look(at: .seconds(50), [second]) == [.replace(second.process, .memory)])
    }

    @Test("processes that leak slowly are replaced at once, each when it is over, and other queues are not held up")
    func slowLeaks() {
        var mender = PoolMender(lease: lease)
        let old = Duration.seconds(3_600)
        let both = [
            seen(1, slot: "mail-1", age: old, mib: 101, limit: 100),
            seen(2, slot: "mail-2", age: old, mib: 101, limit: 100),
        ]
        #expect(mender.look(at: .zero, both).count == 2)
        let early = seen(3, slot: "mail-3", mib: 101, limit: 100)
        #expect(mender.look(at: .seconds(2), [early]) == [.replace(early.process, .memory)])
        let other = seen(4, slot: "links-1", queue: "links", mib: 101, limit: 100)
        #expect(mender.look(at: .seconds(4), [other]) == [.replace(other.process, .memory)])
    }
}
