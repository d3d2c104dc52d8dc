/// A queue with constant-time access to both ends.
struct RingBuffer<Element> {
    private var storage: ContiguousArray<Element?> = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    var first: Element? { count == 0 ? nil : storage[head] }

    mutating func append(_ element: Element) {
        growIfFull()
        storage[(head + count) & (storage.count - 1)] = element
        count += 1
    }

    mutating func prepend(_ element: Element) {
        growIfFull()
        head = (head - 1) & (storage.count - 1)
        storage[head] = element
        count += 1
    }

    /// Puts elements before the first, in their own order.
    mutating func prepend(contentsOf elements: [Element]) {
        for element in elements.reversed() {
            prepend(element)
        }
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = storage[head]
        storage[head] = nil
        head = (head + 1) & (storage.count - 1)
        count -= 1
        return element
    }

    mutating func removeAll(where isRemoved: (Element) -> Bool) {
        var kept = RingBuffer()
        while let element = popFirst() {
            if !isRemoved(element) { kept.append(element) }
        }
        self = kept
    }

    func forEach(_ body: (Element) -> Void) {
        for offset in 0..<count {
            if let element = storage[(head + offset) & (storage.count - 1)] { body(element) }
        }
    }

    func firstElement(where matches: (Element) -> Bool) -> Element? {
        for offset in 0..<count {
            if let element = storage[(head + offset) & (storage.count - 1)], matches(element) { return element }
        }
        return nil
    }

    /// The capacity stays a power of two, so that wrapping is a mask.
    private mutating func growIfFull() {
        guard count == storage.count else { return }
        var larger = ContiguousArray<Element?>(repeating: nil, count: max(16, storage.count * 2))
        for offset in 0..<count {
            larger[offset] = storage[(head + offset) & (storage.count - 1)]
        }
        storage = larger
        head = 0
    }
}
