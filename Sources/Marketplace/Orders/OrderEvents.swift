/// An order now and after each change, from ``OrderEventHub/orderEvents(order:after:)``.
///
/// Changes that come faster than the reader are seen as one. It ends when nothing will change by itself any more, and
/// when the process shuts down.
public struct OrderEvents: AsyncSequence, Sendable {
    /// The sequence's element.
    public typealias Element = Order

    let hub: OrderEventHub
    let order: String
    let revision: Int

    /// Iterates over the changes.
    public struct Iterator: AsyncIteratorProtocol {
        /// Holds the place in the hub for as long as somebody iterates.
        private final class Place: Sendable {
            let hub: OrderEventHub
            let order: String
            let id: Int

            init(hub: OrderEventHub, order: String, id: Int) {
                self.hub = hub
                self.order = order
                self.id = id
            }

            deinit { hub.unregister(order, id) }
        }

        private let place: Place
        private var signals: AsyncStream<Void>.Iterator
        private var seen: Int
        private var hasRead = false
        private var hasEnded = false

        init(_ events: OrderEvents) {
            let waiter = events.hub.register(events.order)
            place = Place(hub: events.hub, order: events.order, id: waiter.id)
            signals = waiter.signals.makeAsyncIterator()
            seen = events.revision
        }

        /// The order after the next change, nil at the end.
        ///
        /// Throws what reading the order throws.
        public mutating func next() async throws -> Order? {
            while !hasEnded {
                if hasRead, await signals.next(isolation: #isolation) == nil { break }
                hasRead = true
                let order = try await place.hub.read(place.order)
                hasEnded = order.isFinal
                guard order.revision > seen else { continue }
                seen = order.revision
                return order
            }
            hasEnded = true
            return nil
        }
    }

    /// Starts to iterate.
    public func makeAsyncIterator() -> Iterator {
        Iterator(self)
    }
}
