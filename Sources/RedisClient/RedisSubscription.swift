/// What arrives on a subscription: an endless sequence that ends when the client closes.
///
/// Dropping the sequence, or cancelling the task that iterates it, unsubscribes. Redis delivers at most once: what is published while the connection is
/// down is lost, and ``Event/gap`` says that this may have happened.
public struct RedisSubscription: AsyncSequence, Sendable {
    /// One thing that happened.
    public enum Event: Sendable, Equatable {
        /// A message was published on one of the channels.
        case message(channel: String, payload: [UInt8])
        /// Messages may be missing: the connection was lost and the channels are subscribed again, or the reader fell too far behind.
        case gap
    }

    /// The sequence's element.
    public typealias Element = Event
    /// The sequence never throws: connections are replaced.
    public typealias Failure = Never

    let stream: AsyncStream<Event>

    /// Iterates over what arrives.
    public struct Iterator: AsyncIteratorProtocol {
        var base: AsyncStream<Event>.Iterator

        /// The next event, `nil` at the end.
        public mutating func next() async -> Event? {
            await base.next(isolation: #isolation)
        }

        /// The next event, `nil` at the end.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> Event? {
            await base.next(isolation: actor)
        }
    }

    /// Starts to iterate.
    ///
    /// One iterator at a time.
    public func makeAsyncIterator() -> Iterator {
        Iterator(base: stream.makeAsyncIterator())
    }
}
