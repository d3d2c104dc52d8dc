import Testing

@testable import RedisClient

@Suite struct CollectionTests {
    @Test func `a ring buffer behaves like an array`() {
        var generator = SplitMix64(state: 42)
        var ring = RingBuffer<Int>()
        var model: [Int] = []
        for step in 0..<20_000 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                ring.append(step)
                model.append(step)
            case 4..<6:
                ring.prepend(step)
                model.insert(step, at: 0)
            case 6:
                ring.prepend(contentsOf: [step, -step])
                model.insert(contentsOf: [step, -step], at: 0)
            case 7:
                ring.removeAll { $0.isMultiple(of: 7) }
                model.removeAll { $0.isMultiple(of: 7) }
            default:
                #expect(ring.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(ring.count == model.count)
            #expect(ring.first == model.first)
        }
        var rest: [Int] = []
        ring.forEach { rest.append($0) }
        #expect(rest == model)
    }

    private final class Item {
        let deadline: MonotonicTime
        var isFinished = false

        init(deadline: MonotonicTime) {
            self.deadline = deadline
        }
    }

    @Test func `deadlines come in order and finished ones not at all`() {
        var generator = SplitMix64(state: 1)
        var queue = DeadlineQueue<Item> { $0.isFinished }
        var live = 0
        for _ in 0..<10_000 {
            let item = Item(deadline: MonotonicTime(nanoseconds: .random(in: 0...1_000_000, using: &generator)))
            queue.push(item, deadline: item.deadline)
            item.isFinished = Bool.random(using: &generator)
            if !item.isFinished { live += 1 }
        }
        var last = MonotonicTime(nanoseconds: 0)
        while let item = queue.popExpired(now: .distantFuture) {
            #expect(!item.isFinished)
            #expect(item.deadline >= last)
            last = item.deadline
            live -= 1
        }
        #expect(live == 0)
    }

    @Test func `finished deadlines do not pile up`() {
        var queue = DeadlineQueue<Item> { $0.isFinished }
        let eternal = Item(deadline: MonotonicTime(nanoseconds: 0))
        queue.push(eternal, deadline: eternal.deadline)
        for time in 1...100_000 {
            let item = Item(deadline: MonotonicTime(nanoseconds: UInt64(time)))
            queue.push(item, deadline: item.deadline)
            item.isFinished = true
        }
        #expect(queue.count <= 2_048)
        #expect(queue.nextDeadline() == eternal.deadline)
    }

    @Test func `a backoff doubles up to its cap and takes up to half away`() {
        var backoff = Backoff(minimum: .milliseconds(20), maximum: .seconds(2), seed: 3)
        for attempt in 0..<100 {
            let step = min(Duration.milliseconds(20) * (1 << min(attempt, 20)), .seconds(2))
            let pause = backoff.next()
            #expect(pause >= step / 2)
            #expect(pause <= step)
        }
    }

    @Test func `durations never overflow a deadline`() {
        let start = MonotonicTime(nanoseconds: 5)
        #expect(start.advanced(by: .seconds(Int64.max)) == .distantFuture)
        #expect(start.advanced(by: .seconds(-1)) == start)
        #expect(start.milliseconds(until: start.advanced(by: .nanoseconds(1))) == 1)
        #expect(start.milliseconds(until: .distantFuture) == .max)
    }
}
