internal import CHiredis
import Glibc
import Logging
import Synchronization

/// Asks Sentinels for the primary, and listens to them for the next one, on a thread of its own.
///
/// Asking is enough to be right: a connection asks again until it reaches a server that is the primary. Listening makes
/// it quick: a primary that hangs would otherwise be left only when a command has waited for its whole timeout.
final class SentinelResolver: EndpointResolver {
    private struct State {
        var waiting: [@Sendable (Result<[Endpoint], RedisError>) -> Void] = []
        var isStarted = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let wakeDescriptor: Int32
    private let discovery: SentinelDiscovery
    private let logger: Logger
    private let moved: @Sendable (Endpoint) -> Void

    /// - Parameter moved: is told of each new primary that a Sentinel announces.
    init(_ discovery: SentinelDiscovery, logger: Logger, moved: @escaping @Sendable (Endpoint) -> Void) {
        self.discovery = discovery
        self.logger = logger
        self.moved = moved
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    }

    deinit {
        close(wakeDescriptor)
    }

    func resolve(_ completion: @escaping @Sendable (Result<[Endpoint], RedisError>) -> Void) {
        let (isRefused, starts) = state.withLock { state in
            guard !state.isStopped else { return (true, false) }
            state.waiting.append(completion)
            defer { state.isStarted = true }
            return (false, !state.isStarted)
        }
        guard !isRefused else { return completion(.failure(.clientClosed)) }
        guard starts else {
            eventfd_write(wakeDescriptor, 1)
            return
        }
        let hasThread = startThread(named: "redis-sentinel") { self.run() }
        guard !hasThread else { return }
        state.withLock { $0.isStarted = false }
        answer(.failure(RedisError(.notSent, "no thread to ask the Sentinels from")))
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        eventfd_write(wakeDescriptor, 1)
        answer(.failure(.clientClosed))
    }

    private func answer(_ result: Result<[Endpoint], RedisError>) {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for completion in waiting {
            completion(result)
        }
    }

    // MARK: The thread

    private func run() {
        var discovery = discovery
        var watches = discovery.sentinels.map { SentinelWatch(sentinel: $0) }
        var known: Endpoint?
        while true {
            let (isAsked, isStopped) = state.withLock { (!$0.waiting.isEmpty, $0.isStopped) }
            guard !isStopped else { return }
            if isAsked {
                let found = discovery.find()
                if case .success(let endpoint) = found { note(endpoint, in: &known, tells: false) }
                answer(found.map { [$0] })
                continue
            }
            var mayHaveMissed = false
            for index in watches.indices {
                let isAgain = watches[index].listenIfDue(discovery, logger: logger)
                mayHaveMissed = mayHaveMissed || isAgain
            }
            // While a subscription was down, a new primary was announced to nobody.
            if mayHaveMissed, case .success(let endpoint) = discovery.find() { note(endpoint, in: &known, tells: true) }
            wait(for: &watches) { sentinel, endpoint in
                discovery.prefer(sentinel)
                note(endpoint, in: &known, tells: true)
            }
        }
    }

    private func note(_ endpoint: Endpoint, in known: inout Endpoint?, tells: Bool) {
        guard endpoint != known else { return }
        logger.notice(
            known == nil ? "primary found" : "the primary moved",
            metadata: ["master": "\(discovery.master)", "primary": "\(endpoint)"])
        known = endpoint
        if tells { moved(endpoint) }
    }

    /// Sleeps until somebody asks, a Sentinel says something, or a lost one is to be tried again.
    private func wait(
        for watches: inout [SentinelWatch], _ announce: (RedisConfiguration.Sentinel, Endpoint) -> Void
    ) {
        var polled = [pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)]
        // A negative descriptor is skipped.
        polled += watches.map { pollfd(fd: $0.descriptor ?? -1, events: Int16(POLLIN), revents: 0) }
        let retry = watches.compactMap(\.retryAt).min()
        let patience = retry.map { MonotonicTime.now.milliseconds(until: $0) } ?? -1
        guard poll(&polled, nfds_t(polled.count), patience) > 0 else { return }
        if polled[0].revents != 0 {
            var count: eventfd_t = 0
            eventfd_read(wakeDescriptor, &count)
        }
        for index in watches.indices where polled[index + 1].revents != 0 {
            if let endpoint = watches[index].read(discovery, logger: logger) {
                announce(watches[index].sentinel, endpoint)
            }
        }
    }
}

/// A subscription to one Sentinel's announcements.
struct SentinelWatch {
    let sentinel: RedisConfiguration.Sentinel
    private var connection: BlockingConnection?
    private var backoff = Backoff(minimum: .seconds(1), maximum: .seconds(15), seed: .random(in: .min ... .max))
    private var wasListening = false
    /// When to try again; `nil` while it listens.
    private(set) var retryAt: MonotonicTime? = MonotonicTime(nanoseconds: 0)

    init(sentinel: RedisConfiguration.Sentinel) {
        self.sentinel = sentinel
    }

    var descriptor: Int32? { connection?.descriptor }

    /// Subscribes if it is time to.
    ///
    /// Returns whether a subscription came back that had been lost.
    mutating func listenIfDue(_ discovery: SentinelDiscovery, logger: Logger) -> Bool {
        guard let due = retryAt, due <= .now else { return false }
        do throws(RedisError) {
            let made = try discovery.connect(to: sentinel)
            _ = try made.send(RedisCommand("SUBSCRIBE", "+switch-master"))
            connection = made
            retryAt = nil
            backoff.reset()
            defer { wasListening = true }
            return wasListening
        } catch {
            lose(error, logger: logger)
            return false
        }
    }

    /// Reads announcements.
    ///
    /// Returns the last new primary among them.
    mutating func read(_ discovery: SentinelDiscovery, logger: Logger) -> Endpoint? {
        guard let connection else { return nil }
        do throws(RedisError) {
            var found: Endpoint?
            for message in try connection.received() where message[0].string == "message" {
                // `<master> <old host> <old port> <new host> <new port>`
                let words = message[2].string?.split(separator: " ").map(String.init) ?? []
                guard words.count == 5, words[0] == discovery.master, let port = Int(words[4]) else { continue }
                found = try discovery.endpoint(host: words[3], port: port)
            }
            return found
        } catch {
            lose(error, logger: logger)
            return nil
        }
    }

    private mutating func lose(_ error: RedisError, logger: Logger) {
        connection = nil
        retryAt = MonotonicTime.now.advanced(by: backoff.next())
        logger.debug("a Sentinel is not listened to", metadata: ["sentinel": "\(sentinel)", "reason": "\(error)"])
    }
}
