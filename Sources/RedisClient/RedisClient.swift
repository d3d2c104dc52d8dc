import Glibc
public import Logging
public import Metrics
public import ServiceLifecycle
import Synchronization

/// A Redis client for any number of tasks.
///
/// All tasks share a few connections, on which their commands are pipelined by themselves: whatever waits goes out in one write. A thread of the
/// client's own does the I/O. Connections are made when they are needed and replaced when they are lost; commands wait for that until their timeout.
///
/// Making a client makes the process ignore `SIGPIPE`, which hiredis needs.
public final class RedisClient: Sendable, Service {
    /// What happens to a command when its connection is cut and its outcome is unknown.
    public enum Retry: Sendable, Hashable {
        /// It fails with ``RedisError/Code/outcomeUnknown``.
        case never
        /// It is sent again: running it twice must do no harm.
        case safe
    }

    private let configuration: RedisConfiguration
    private let mailbox: Mailbox
    private let reactor: Reactor
    private let senders: [Sender]
    private let turn = Atomic<Int>(0)
    private let pool: DedicatedPool
    private let replicator: Replicator

    /// Makes a client.
    ///
    /// Nothing is opened before the first command.
    ///
    /// - Parameter metrics: what counts `redis_client_commands`, `_round_trips`, `_reconnects`, `_timeouts` and
    ///   `_unknown_outcomes`, and times `redis_client_command_duration`, one command a turn of the loop.
    public init(
        _ configuration: RedisConfiguration, logger: Logger, metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        signal(SIGPIPE, SIG_IGN)
        let mailbox = Mailbox()
        self.configuration = configuration
        self.mailbox = mailbox
        var logger = logger
        logger[metadataKey: "redis"] = "\(configuration.address)"
        let reactor = Reactor(
            configuration: configuration, resolver: Self.resolver(configuration, mailbox: mailbox, logger: logger),
            mailbox: mailbox, logger: logger, metrics: RedisMetrics(factory: metrics))
        self.reactor = reactor
        senders = (0..<max(1, configuration.connections)).map { index in
            let state = LinkState(configuration: configuration, isDedicated: false, seed: .random(in: .min ... .max))
            return Sender(
                reactor: reactor, link: Link(id: UInt64(index), state: state),
                defaultTimeout: configuration.commandTimeout)
        }
        pool = DedicatedPool(configuration: configuration, mailbox: mailbox)
        let replication = LinkState(configuration: configuration, isDedicated: false, seed: .random(in: .min ... .max))
        replicator = Replicator(
            sender: Sender(
                reactor: reactor, link: Link(id: 1 << 15, state: replication),
                defaultTimeout: configuration.commandTimeout))
        if !startThread(named: "redis-reactor", { reactor.run() }) {
            logger.critical("no thread for the Redis client: every command will fail")
            mailbox.end()
        }
    }

    deinit {
        mailbox.requestClose(nil)
    }

    /// Sends a command and waits for its reply.
    ///
    /// An error reply is thrown as ``RedisError/Code/server``. `LOADING`, `READONLY` and `MASTERDOWN` mean that the command did not run; it is sent again until
    /// its timeout. Blocking commands and transactions need ``withConnection(_:)``.
    public func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue {
        try Self.check(command)
        return try await nextSender().send(command)
    }

    /// Sends commands in one write and waits for all replies, which come in the order of the commands.
    ///
    /// They run in their order, but others may run between them; and where one is answered with "not now" and sent again, the order is lost.
    public func send(_ commands: [RedisCommand]) async -> [Result<RESPValue, RedisError>] {
        do throws(RedisError) {
            for command in commands {
                try Self.check(command)
            }
        } catch {
            return commands.map { _ in .failure(error) }
        }
        return await nextSender().send(commands)
    }

    /// Sends a command that counts only when replicas have it.
    ///
    /// It goes on a connection of its own kind, where one `WAIT` behind each write is shared by all whose commands were in it.
    /// Throws ``RedisError/Code/notReplicated`` if it ran and too few replicas said so in time.
    public func send(
        _ command: RedisCommand, replication: ReplicationRequirement
    ) async throws(RedisError) -> RESPValue {
        try Self.check(command)
        return try await replicator.send(command, replication)
    }

    /// Runs a script by its SHA-1, by its source where the server does not know it.
    ///
    /// - Parameters:
    ///   - retry: ``Retry/safe`` only if running the script twice does no harm.
    ///   - timeout: the limit for all that the call takes; `nil` is the client's default.
    ///   - replication: how many replicas must have what it wrote, see ``send(_:replication:)``.
    public func eval(
        _ script: RedisScript, keys: [String], arguments: [RedisArgument], retry: Retry = .never,
        timeout: Duration? = nil, replication: ReplicationRequirement? = nil
    ) async throws(RedisError) -> RESPValue {
        let sender = nextSender()
        guard let replication else {
            return try await sender.eval(script, keys: keys, arguments: arguments, retry: retry, timeout: timeout)
        }
        return try await sender.eval(script, keys: keys, arguments: arguments, retry: retry, timeout: timeout) {
            [replicator] (command) async throws(RedisError) in
            try await replicator.send(command, replication)
        }
    }

    /// Lends a connection of its own to `body`, for blocking commands and transactions.
    ///
    /// Throws ``RedisError/Code/poolExhausted`` if none becomes free within the command timeout.
    public func withConnection<T>(_ body: (RedisConnection) async throws -> T) async throws -> T {
        let link = try await pool.lease()
        let connection = RedisConnection(
            sender: Sender(reactor: reactor, link: link, defaultTimeout: configuration.commandTimeout))
        defer {
            // A reset goes through the mailbox before the next user's first command does.
            if connection.end() { mailbox.post(.reset(link)) }
            pool.release(link)
        }
        return try await body(connection)
    }

    /// Subscribes to channels; returns when the server has confirmed them all.
    ///
    /// All subscriptions of a client share one connection. Throws ``RedisError/Code/notSent`` if there is none within the command timeout.
    public func subscribe(to channels: [String]) async throws(RedisError) -> RedisSubscription {
        let (entry, stream) = Subscriber.Entry.make(channels: channels, mailbox: mailbox)
        let failure: RedisError? = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                entry.confirmation = continuation
                if !mailbox.post(.subscribe(entry)) { continuation.resume(returning: .clientClosed) }
            }
        } onCancel: {
            mailbox.post(.unsubscribe(entry))
        }
        if let failure { throw failure }
        return RedisSubscription(stream: stream)
    }

    /// Waits for graceful shutdown or cancellation, then closes.
    public func run() async throws {
        // The error only says that the task was cancelled, which ends the wait as well.
        try? await gracefulShutdown()
        await close()
    }

    /// Waits for the replies to what was sent, then closes all connections and ends the client's thread.
    ///
    /// Commands that wait for a connection fail, and so do blocking ones.
    public func close() async {
        pool.close()
        await withUnsafeContinuation { continuation in
            mailbox.requestClose(continuation)
        }
    }

    private static func resolver(
        _ configuration: RedisConfiguration, mailbox: Mailbox, logger: Logger
    ) -> any EndpointResolver {
        switch configuration.address {
        case .unix(let path): SocketResolver(path: path)
        case .tcp(let host, let port): HostResolver(host: host, port: port)
        case .sentinel(let master, let sentinels):
            SentinelResolver(
                SentinelDiscovery(master: master, sentinels: sentinels, configuration: configuration), logger: logger
            ) { mailbox.post(.moved(to: $0)) }
        }
    }

    private func nextSender() -> Sender {
        guard senders.count > 1 else { return senders[0] }
        let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return senders[Int(UInt(bitPattern: turn) % UInt(senders.count))]
    }

    private static func check(_ command: RedisCommand) throws(RedisError) {
        switch command.kind {
        case .ordinary:
            return
        case .blocking, .opensTransaction, .closesTransaction, .changesConnection:
            throw RedisError(.invalidCommand, "\(command.name) needs a connection of its own: use withConnection")
        case .forbidden:
            throw RedisError(.invalidCommand, "\(command.name) is not supported: for SUBSCRIBE, use subscribe(to:)")
        }
    }
}
