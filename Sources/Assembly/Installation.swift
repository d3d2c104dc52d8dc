internal import Foundation
public import JobQueue
public import Logging
public import Marketplace
public import ObjectStore
public import Payments
public import RedisClient
public import Settings

/// The parts of one installation, opened as its settings say: what the API, the workers and `sunsetctl` all stand on.
public struct Installation: Sendable {
    /// The settings that the parts were opened with.
    public let settings: Settings
    /// The connections to Redis; a `Service` that the process must run, or close.
    public let redis: RedisClient
    /// The queues.
    public let queue: JobQueue
    /// The object store.
    public let store: DirectoryStore
    /// The payment provider.
    public let payments: HTTPPaymentProvider
    /// Accounts, catalog, orders, downloads.
    public let marketplace: Marketplace
    /// The logger of the process.
    public let logger: Logger

    /// Opens the parts; Redis is connected at its first use.
    ///
    /// - Parameters:
    ///   - settings: the checked configuration.
    ///   - role: the process's name in Redis's client list (`sunset-api`).
    ///   - logger: the logger of the process.
    /// - Throws: what a part says when its folder, file or secret cannot be opened.
    public static func open(_ settings: Settings, role: String, logger: Logger) async throws -> Installation {
        try FileManager.default.createDirectory(
            atPath: (settings.keysFile as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let redis = RedisClient(try redisConfiguration(settings.redis, role: role), logger: logger)
        let namespace = try Namespace(settings.namespace)
        let queue = JobQueue(
            redis: redis, namespace: namespace, logger: logger, replication: replication(settings.redis))
        let store = try await DirectoryStore(directory: settings.storeDirectory, logger: logger)
        let payments = HTTPPaymentProvider(
            HTTPPaymentProviderConfiguration(
                baseURL: settings.payments.url,
                secretKey: try SecretFile.readOrCreate(settings.payments.secretKeyFile),
                webhookSecrets: try webhookSecrets(settings.payments.webhookSecretFile)),
            logger: logger)
        let marketplace = Marketplace(
            redis: redis, queue: queue, objects: store, payments: payments,
            keyRing: try KeyRing(file: settings.keysFile), configuration: marketplaceConfiguration(settings),
            logger: logger)
        return Installation(
            settings: settings, redis: redis, queue: queue, store: store, payments: payments, marketplace: marketplace,
            logger: logger)
    }

    /// Opens the connections and the queues alone, for programs that need no file of the installation.
    public static func openQueue(
        _ settings: Settings, role: String, logger: Logger
    ) throws -> (redis: RedisClient, queue: JobQueue) {
        let redis = RedisClient(try redisConfiguration(settings.redis, role: role), logger: logger)
        return (redis, JobQueue(redis: redis, namespace: try Namespace(settings.namespace), logger: logger))
    }

    /// Checks Redis and the schemas of queues and marketplace, and makes the buckets; closes Redis when it may not go on.
    ///
    /// - Throws: what does not fit, with what to do.
    public func start() async throws {
        do {
            try await queue.prepare()
            try await marketplace.start()
        } catch {
            await redis.close()
            throw error
        }
    }

    /// The secrets that webhooks are checked with, newest first; made where there are none.
    public static func webhookSecrets(_ path: String) throws -> [String] {
        _ = try SecretFile.readOrCreate(path)
        return try SecretFile.read(path)
    }

    private static func redisConfiguration(_ settings: Settings.Redis, role: String) throws -> RedisConfiguration {
        var address: RedisConfiguration.Address =
            settings.socket.map { .unix(path: $0) } ?? .tcp(host: settings.host, port: settings.port)
        if !settings.sentinels.isEmpty {
            address = .sentinel(
                master: settings.sentinelMaster,
                sentinels: settings.sentinels.map { RedisConfiguration.Sentinel(host: $0.host, port: $0.port) })
        }
        return RedisConfiguration(
            address: address, username: settings.username,
            password: try settings.passwordFile.flatMap { try SecretFile.read($0).first },
            database: settings.database, clientName: role,
            sentinelPassword: try settings.sentinelPasswordFile.flatMap { try SecretFile.read($0).first })
    }

    private static func replication(_ settings: Settings.Redis) -> ReplicationRequirement? {
        guard settings.replicas > 0 else { return nil }
        return ReplicationRequirement(replicas: settings.replicas, timeout: settings.replicaTimeout)
    }

    /// What the settings make of the marketplace.
    public static func marketplaceConfiguration(_ settings: Settings) -> MarketplaceConfiguration {
        var configuration = MarketplaceConfiguration()
        configuration.publicURL = settings.api.publicURL
        configuration.maximumFileBytes = settings.uploadMaximumBytes
        configuration.uploadQuotaBytes = settings.uploadQuotaBytes
        configuration.uploadURLLifetime = settings.uploadURLLifetime
        configuration.requiresPersistence = !settings.redis.allowVolatile
        configuration.commerce.platformFeeBasisPoints = settings.feeBasisPoints
        configuration.commerce.orderExpiry = settings.orderLifetime
        configuration.commerce.mailLinkLifetime = settings.downloadLinkLifetime
        return configuration
    }
}
