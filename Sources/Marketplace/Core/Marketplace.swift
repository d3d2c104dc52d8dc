public import JobQueue
public import Logging
public import ObjectStore
public import Payments
public import RedisClient

/// The marketplace: accounts, uploads and the catalog here, carts, orders, payments and downloads in extensions.
///
/// It knows nothing of HTTP. All state is in Redis and changes in scripts that check the state they leave, so any number
/// of processes may hold a marketplace on the same installation. A process calls ``start()`` once before anything else.
public final class Marketplace: Sendable {
    /// Redis, for what needs no script.
    public let redis: RedisClient
    /// The queue that jobs go to, and the linker of the scripts.
    public let queue: JobQueue
    /// Where files are.
    public let objects: any ObjectStore
    /// Who takes the money.
    public let payments: any PaymentProvider
    /// The keys that URLs and download tokens are signed with.
    public let keyRing: KeyRing
    /// Presigned URLs.
    public let signer: URLSigner
    /// The settings.
    public let configuration: MarketplaceConfiguration
    /// The time.
    public let clock: MarketplaceClock
    /// Randomness.
    public let random: RandomSource
    /// Where the marketplace logs to.
    public let logger: Logger
    /// The Redis keys.
    public let keys: Keys

    let hasher: PasswordHasher

    /// Puts a marketplace together from its parts; nothing is sent before ``start()``.
    public init(
        redis: RedisClient,
        queue: JobQueue,
        objects: any ObjectStore,
        payments: any PaymentProvider,
        keyRing: KeyRing,
        configuration: MarketplaceConfiguration = MarketplaceConfiguration(),
        clock: MarketplaceClock = .server,
        random: RandomSource = .system,
        logger: Logger
    ) {
        self.redis = redis
        self.queue = queue
        self.objects = objects
        self.payments = payments
        self.keyRing = keyRing
        signer = URLSigner(keyRing: keyRing)
        self.configuration = configuration
        self.clock = clock
        self.random = random
        self.logger = logger
        keys = Keys(queue.namespace)
        hasher = PasswordHasher(
            parameters: configuration.passwordHashing, threads: configuration.passwordThreads,
            backlog: configuration.passwordBacklog, random: random)
    }

    /// Sign-up, sign-in, sessions.
    public var accounts: Accounts { Accounts(market: self) }
    /// Files on their way from a seller to a product.
    public var uploads: Uploads { Uploads(market: self) }
    /// Products and how they are found.
    public var catalog: Catalog { Catalog(market: self) }

    /// A new identifier of the given kind.
    public func newID(_ kind: IdentifierKind) -> String {
        Identifier.make(kind, milliseconds: clock.nowMilliseconds, random: random)
    }

    /// Runs a domain script and returns what follows the 1 of its `ok(...)`.
    ///
    /// - Throws: ``MarketplaceError`` for its `refuse(...)`, and what the queue throws.
    package func run(
        _ script: DomainScript,
        keys: [String] = [],
        arguments: [RedisArgument] = [],
        jobs: [PreparedJob] = [],
        retry: RedisClient.Retry = .never
    ) async throws -> [RESPValue] {
        let reply = try await queue.run(script, keys: keys, arguments: arguments, jobs: jobs, retry: retry)
        return try ScriptReply.values(reply, script: script.name)
    }
}
