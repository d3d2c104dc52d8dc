import Synchronization

/// Who listens to which channel, on the one connection that is kept for it.
///
/// `@unchecked Sendable`: belongs to the reactor's thread.
final class Subscriber: @unchecked Sendable {
    /// One subscription of a task.
    ///
    /// `@unchecked Sendable`: `confirmation` is set before the entry is posted; afterwards all mutable fields belong to the reactor's thread.
    final class Entry: @unchecked Sendable {
        let channels: [String]
        let stream: AsyncStream<RedisSubscription.Event>.Continuation
        var confirmation: UnsafeContinuation<RedisError?, Never>?
        var unconfirmed: Set<String> = []
        var isConfirmed = false
        /// The reactor has it: before that, the caller may still be setting `confirmation`.
        var isAccepted = false
        /// Cancelled, perhaps before it was accepted.
        var isCancelled = false
        var isEnded = false
        private var dropped = 0

        /// How many events wait for a slow reader before the oldest are dropped.
        private static let capacity = 1_024

        private init(channels: [String], stream: AsyncStream<RedisSubscription.Event>.Continuation) {
            self.channels = channels
            self.stream = stream
        }

        static func make(channels: [String], mailbox: Mailbox) -> (Entry, AsyncStream<RedisSubscription.Event>) {
            let (stream, continuation) = AsyncStream.makeStream(
                of: RedisSubscription.Event.self, bufferingPolicy: .bufferingNewest(capacity))
            let entry = Entry(channels: Array(Set(channels)), stream: continuation)
            continuation.onTermination = { [weak entry] _ in
                if let entry { mailbox.post(.unsubscribe(entry)) }
            }
            return (entry, stream)
        }

        func yield(_ event: RedisSubscription.Event) {
            guard case .dropped = stream.yield(event) else { return }
            // The mark itself is pushed out by later drops, so it is repeated while it may still be in the buffer.
            if dropped.isMultiple(of: Self.capacity / 2) { stream.yield(.gap) }
            dropped += 1
        }

        /// The channels are subscribed: for the first time, or again.
        func confirm() {
            if isConfirmed {
                yield(.gap)
            } else {
                isConfirmed = true
                resumeConfirmation(nil)
            }
        }

        func end(_ error: RedisError?) {
            guard !isEnded else { return }
            isEnded = true
            resumeConfirmation(error)
            stream.finish()
        }

        private func resumeConfirmation(_ error: RedisError?) {
            confirmation?.resume(returning: error)
            confirmation = nil
        }
    }

    let link: Link
    private var listeners: [String: [Entry]] = [:]
    /// How many confirmations each channel is owed: one that belongs to an earlier SUBSCRIBE must not count for a later one.
    private var due: [String: Int] = [:]

    init(link: Link) {
        self.link = link
        link.subscriber = self
    }

    var hasListeners: Bool { !listeners.isEmpty }

    func add(_ entry: Entry) {
        guard !entry.isEnded else { return }
        guard !entry.channels.isEmpty else { return entry.confirm() }
        var new: [String] = []
        for channel in entry.channels {
            if listeners[channel] == nil { new.append(channel) }
            listeners[channel, default: []].append(entry)
            if link.state.phase != .ready || due[channel] != nil || new.last == channel {
                entry.unconfirmed.insert(channel)
            }
        }
        if link.state.phase == .ready { subscribe(new) }
        if entry.unconfirmed.isEmpty { entry.confirm() }
    }

    func remove(_ entry: Entry) {
        var abandoned: [String] = []
        for channel in entry.channels {
            guard var entries = listeners[channel] else { continue }
            entries.removeAll { $0 === entry }
            listeners[channel] = entries.isEmpty ? nil : entries
            if entries.isEmpty { abandoned.append(channel) }
        }
        guard link.state.phase == .ready else { return }
        for channel in abandoned {
            // Never without an argument: hiredis asserts that the reply names a channel.
            link.append(RedisCommand("UNSUBSCRIBE", RedisArgument(channel)))
        }
    }

    /// The connection is (again) there.
    func connectionBecameReady() {
        due = [:]
        for (channel, entries) in listeners {
            for entry in entries {
                entry.unconfirmed.insert(channel)
            }
        }
        subscribe(Array(listeners.keys))
    }

    private func subscribe(_ channels: [String]) {
        guard !channels.isEmpty else { return }
        for channel in channels {
            due[channel, default: 0] += 1
        }
        link.append(RedisCommand("SUBSCRIBE", channels.map { RedisArgument($0) }))
    }

    /// A confirmation or a message.
    func received(_ value: RESPValue) {
        guard let elements = value.array, elements.count == 3, let channel = elements[1].string else { return }
        switch elements[0].string {
        case "subscribe":
            confirmed(channel)
        case "message":
            let event = RedisSubscription.Event.message(channel: channel, payload: elements[2].bytes ?? [])
            for entry in listeners[channel] ?? [] {
                entry.yield(event)
            }
        default:
            break
        }
    }

    private func confirmed(_ channel: String) {
        guard let count = due[channel] else { return }
        due[channel] = count > 1 ? count - 1 : nil
        guard count == 1 else { return }
        for entry in listeners[channel] ?? [] where entry.unconfirmed.remove(channel) != nil {
            if entry.unconfirmed.isEmpty { entry.confirm() }
        }
    }

    func end(_ error: RedisError) {
        for entry in listeners.values.joined() {
            entry.end(error)
        }
        listeners = [:]
    }
}
