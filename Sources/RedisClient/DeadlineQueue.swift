/// Things that end at a time, earliest first.
///
/// What finishes early is not removed, which would cost a search; it is dropped when it surfaces, or all at once when more than half of the heap is
/// finished. Deadlines mostly come in rising order, where a push does not move anything.
struct DeadlineQueue<Element> {
    private var heap: ContiguousArray<(deadline: MonotonicTime, element: Element)> = []
    private var nextSweep = 1_024
    private let isFinished: (Element) -> Bool

    init(isFinished: @escaping (Element) -> Bool) {
        self.isFinished = isFinished
    }

    var count: Int { heap.count }

    /// The earliest deadline of something that is not finished.
    mutating func nextDeadline() -> MonotonicTime? {
        while let first = heap.first {
            guard isFinished(first.element) else { return first.deadline }
            removeFirst()
        }
        return nil
    }

    mutating func push(_ element: Element, deadline: MonotonicTime) {
        if heap.count >= nextSweep { sweep() }
        heap.append((deadline, element))
        siftUp(heap.count - 1)
    }

    /// Takes out one element whose deadline has come.
    mutating func popExpired(now: MonotonicTime) -> Element? {
        guard let deadline = nextDeadline(), deadline <= now, let first = heap.first else { return nil }
        removeFirst()
        return first.element
    }

    private mutating func sweep() {
        heap.removeAll { isFinished($0.element) }
        // Filtering breaks the heap's order; sorting restores it and is cheap on what is nearly sorted.
        heap.sort { $0.deadline < $1.deadline }
        nextSweep = max(1_024, heap.count * 2)
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].deadline < heap[parent].deadline else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].deadline < heap[smallest].deadline { smallest = child }
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
