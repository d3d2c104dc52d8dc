public import Foundation

/// The whole configuration of an installation, checked.
///
/// Every key can be given in `Config/sunset.yaml`, by an environment variable (`SUNSET_API_PORT`) and by a flag
/// (`--api-port`); flags win over the environment, which wins over the file. A value that is not allowed stops the
/// start with the key, the value and what is allowed.
public struct Settings: Sendable {
    /// How Redis is reached.
    public struct Redis: Sendable {
        /// Where a Sentinel listens.
        public struct Endpoint: Sendable, Equatable {
            /// Its name or address.
            public let host: String
            /// Its port.
            public let port: Int
        }

        /// The Unix socket's path, or `nil` for host and port.
        public let socket: String?
        /// The host, where there is no socket.
        public let host: String
        /// The port, where there is no socket.
        public let port: Int
        /// The database's number.
        public let database: Int
        /// The ACL user, if not the default one.
        public let username: String?
        /// The file that holds the password.
        public let passwordFile: String?
        /// The Sentinels that name the primary; none for one Redis that does not move.
        public let sentinels: [Endpoint]
        /// The name that they know it by.
        public let sentinelMaster: String
        /// The file that holds their password.
        public let sentinelPasswordFile: String?
        /// How many replicas must have what is acknowledged; 0 waits for none.
        public let replicas: Int
        /// How long they may take.
        public let replicaTimeout: Duration
        /// Whether a Redis that does not persist every write is accepted.
        public let allowVolatile: Bool
    }

    /// Where the S3 protocol is served, and to whom.
    public struct S3: Sendable {
        /// The address that is listened on.
        public let address: Redis.Endpoint
        /// The region that it says it is in.
        public let region: String
        /// The file of access keys.
        public let accessKeys: String
    }

    /// Where the API listens and what it calls itself.
    public struct API: Sendable {
        /// The address that is listened on.
        public let host: String
        /// The port that is listened on; 0 means any.
        public let port: Int
        /// The origin that people use.
        public let publicURL: String
        /// The port of `/metrics`; `nil` means off.
        public let metricsPort: Int?
        /// The folder of the built storefront.
        public let storefront: String?
    }

    /// How the payment provider is reached, and how its stub is set up.
    public struct Payments: Sendable {
        /// The provider's origin.
        public let url: String
        /// The file with the provider's secret key.
        public let secretKeyFile: String
        /// The file with the webhook secrets, newest first.
        public let webhookSecretFile: String
        /// The address that the stub listens on.
        public let stubHost: String
        /// The port that the stub listens on.
        public let stubPort: Int
        /// The port of the stub's `/metrics`; `nil` means off.
        public let stubMetricsPort: Int?
        /// The folder of the stub's journal.
        public let stubDirectory: String
        /// Where the stub sends its events.
        public let stubWebhookURL: String
    }

    /// One queue's share of the worker pool.
    public struct Queue: Sendable {
        /// The queue's name.
        public let name: String
        /// The fewest processes that work on it.
        public let minimum: Int
        /// The most processes that work on it.
        public let maximum: Int
        /// How many jobs each of them runs at once.
        public let concurrency: Int
        /// The resident memory above which a process is replaced, in MiB; 0 means any.
        public let memoryLimitMiB: Int
        /// The wait of the oldest job that the pool scales to stay below.
        public let latencyGoalMilliseconds: Int
        /// How long running jobs may go on when a process is stopped.
        public let grace: Duration
    }

    /// The folder of everything that the installation keeps, as an absolute path.
    public let dataDirectory: String
    /// The hash tag of every Redis key.
    public let namespace: String
    /// The least severe level that is logged.
    public let logLevel: String
    /// The file of the signing keys.
    public let keysFile: String
    /// How Redis is reached.
    public let redis: Redis
    /// Where the API listens.
    public let api: API
    /// The folder of the object store.
    public let storeDirectory: String
    /// The S3 protocol; `nil` means off.
    public let s3: S3?
    /// The largest upload, in bytes.
    public let uploadMaximumBytes: Int64
    /// The bytes that one seller's uploads may take.
    public let uploadQuotaBytes: Int64
    /// How long a presigned upload URL is good for.
    public let uploadURLLifetime: Duration
    /// How long a download link is good for, at least.
    public let downloadLinkLifetime: Duration
    /// The payment provider and its stub.
    public let payments: Payments
    /// The platform's share of a sale, in hundredths of a percent.
    public let feeBasisPoints: Int
    /// How long an unpaid order stays open.
    public let orderLifetime: Duration
    /// The address of the admin that the first start makes.
    public let adminEmail: String
    /// When the ledger is verified, as a cron expression; empty for never.
    public let ledgerCheck: String
    /// When the object store is scrubbed, as a cron expression; empty for never.
    public let storeScrub: String
    /// The bytes a second that a periodic scrub reads at most; `nil` means any.
    public let storeScrubBytesPerSecond: Int64?
    /// The IANA name of the time zone of periodic work.
    public let maintenanceTimeZone: String
    /// The Maildir that messages go to.
    public let mailDirectory: String
    /// The sender of every message.
    public let mailFrom: String
    /// The most pixels that a picture may have.
    public let ingestMaximumPixels: Int64
    /// The address space of one media probe, in MiB.
    public let ingestMemoryMiB: Int
    /// The processor time of one media probe.
    public let ingestCPUTime: Duration
    /// The most entries that an archive may have.
    public let ingestArchiveEntries: Int64
    /// The most bytes that an archive may unpack to.
    public let ingestArchiveBytes: Int64
    /// The most times its own size that an archive may unpack to.
    public let ingestArchiveRatio: Int64
    /// The most levels of archives in archives.
    public let ingestArchiveDepth: Int
    /// The clamd that scans files, as `tcp://host:port` or `unix:/path`; nil: none.
    public let ingestScanner: String?
    /// The time that a scan may take.
    public let ingestScannerTimeout: Duration
    /// How long a silent worker keeps its job.
    public let workerLease: Duration
    /// How long running jobs may go on when a worker is stopped.
    public let workerGrace: Duration
    /// How long a worker process may take until it is ready.
    public let workerStart: Duration
    /// The port of the pool's `/metrics`; `nil` means off.
    public let workerMetricsPort: Int?
    /// The queues and their processes.
    public let queues: [Queue]

    /// Reads and checks the configuration.
    ///
    /// - Parameters:
    ///   - file: the YAML file; `nil` takes `SUNSET_CONFIG`, else `Config/sunset.yaml` where it exists, else none.
    ///   - flags: `--key value` and `--key=value` arguments.
    ///   - environment: the environment's variables.
    /// - Throws: ``SettingsError`` that names every value that is not allowed.
    public init(
        file: String? = nil,
        flags: [String] = [],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        self.init(
            try SettingValues(
                file: file ?? Self.standardFile(environment: environment), flags: flags, environment: environment))
    }

    init(_ values: SettingValues) {
        func path(_ key: String) -> String { values.path(key) ?? "" }
        dataDirectory = values.dataDirectory
        namespace = values.text("namespace")
        logLevel = values.text("log.level")
        keysFile = path("keys.file")
        redis = Redis(values)
        api = API(values)
        storeDirectory = path("store.directory")
        s3 = Redis.Endpoint(values.text("store.address")[...]).map { address in
            S3(address: address, region: values.text("store.region"), accessKeys: path("store.access_keys"))
        }
        uploadMaximumBytes = values.integer("uploads.max_bytes")
        uploadQuotaBytes = values.integer("uploads.quota_bytes")
        uploadURLLifetime = .seconds(values.integer("uploads.url_lifetime_s"))
        downloadLinkLifetime = .seconds(values.integer("downloads.link_lifetime_s"))
        payments = Payments(values)
        feeBasisPoints = Int(values.integer("market.fee_basis_points"))
        orderLifetime = .seconds(values.integer("market.order_lifetime_s"))
        adminEmail = values.text("market.admin_email")
        ledgerCheck = values.text("maintenance.ledger_check")
        storeScrub = values.text("maintenance.store_scrub")
        storeScrubBytesPerSecond = Int(values.integer("maintenance.store_scrub_mib_s")).nonZero.map { Int64($0) << 20 }
        maintenanceTimeZone = values.text("maintenance.time_zone")
        mailDirectory = path("mail.directory")
        mailFrom = values.text("mail.from")
        ingestMaximumPixels = values.integer("ingest.max_pixels")
        ingestMemoryMiB = Int(values.integer("ingest.memory_mib"))
        ingestCPUTime = .seconds(values.integer("ingest.cpu_s"))
        ingestArchiveEntries = values.integer("ingest.archive_max_entries")
        ingestArchiveBytes = values.integer("ingest.archive_max_unpacked_bytes")
        ingestArchiveRatio = values.integer("ingest.archive_max_ratio")
        ingestArchiveDepth = Int(values.integer("ingest.archive_max_depth"))
        let scanner = values.text("ingest.scanner")
        ingestScanner = scanner.isEmpty ? nil : scanner
        ingestScannerTimeout = .seconds(values.integer("ingest.scanner_timeout_s"))
        workerLease = .seconds(values.integer("workers.lease_s"))
        workerGrace = .seconds(values.integer("workers.grace_s"))
        workerStart = .seconds(values.integer("workers.start_s"))
        workerMetricsPort = Int(values.integer("workers.metrics_port")).nonZero
        queues = SettingDefinition.queues.map { queue in
            let key = "workers.\(queue.name)"
            let minimum = Int(values.integer("\(key).min"))
            return Queue(
                name: queue.name,
                minimum: minimum,
                maximum: max(minimum, Int(values.integer("\(key).max"))),
                concurrency: Int(values.integer("\(key).concurrency")),
                memoryLimitMiB: Int(values.integer("\(key).memory_mib")),
                latencyGoalMilliseconds: Int(values.integer("\(key).latency_goal_ms")),
                grace: .seconds(values.integer("workers.grace_s"))
            )
        }
    }

    static func standardFile(environment: [String: String]) -> String? {
        if let file = environment["SUNSET_CONFIG"], !file.isEmpty { return file }
        return FileManager.default.fileExists(atPath: "Config/sunset.yaml") ? "Config/sunset.yaml" : nil
    }
}

extension Int {
    /// `nil` for 0, which means "off" in the settings.
    fileprivate var nonZero: Int? { self == 0 ? nil : self }
}

extension Settings.Redis {
    fileprivate init(_ values: SettingValues) {
        socket = values.path("redis.socket")
        host = values.text("redis.host")
        port = Int(values.integer("redis.port"))
        database = Int(values.integer("redis.database"))
        username = values.text("redis.username").isEmpty ? nil : values.text("redis.username")
        passwordFile = values.path("redis.password_file")
        sentinels = values.text("redis.sentinels").split(separator: ",").compactMap { Endpoint($0) }
        sentinelMaster = values.text("redis.sentinel_master")
        sentinelPasswordFile = values.path("redis.sentinel_password_file")
        replicas = Int(values.integer("redis.replicas"))
        replicaTimeout = .milliseconds(values.integer("redis.replica_timeout_ms"))
        allowVolatile = values.boolean("redis.allow_volatile")
    }
}

extension Settings.Redis.Endpoint {
    /// `host:port`, an IPv6 address in brackets.
    fileprivate init?(_ text: Substring) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else { return nil }
        host = text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        self.port = port
    }
}

extension Settings.API {
    fileprivate init(_ values: SettingValues) {
        host = values.text("api.host")
        port = Int(values.integer("api.port"))
        publicURL = values.text("api.public_url")
        metricsPort = Int(values.integer("api.metrics_port")).nonZero
        storefront = values.path("api.storefront")
    }
}

extension Settings.Payments {
    fileprivate init(_ values: SettingValues) {
        url = values.text("payments.url")
        secretKeyFile = values.path("payments.secret_key_file") ?? ""
        webhookSecretFile = values.path("payments.webhook_secret_file") ?? ""
        stubHost = values.text("payments.stub.host")
        stubPort = Int(values.integer("payments.stub.port"))
        stubMetricsPort = Int(values.integer("payments.stub.metrics_port")).nonZero
        stubDirectory = values.path("payments.stub.directory") ?? ""
        let url = values.text("payments.stub.webhook_url")
        stubWebhookURL =
            url.isEmpty ? "http://127.0.0.1:\(values.text("api.port"))/v1/webhooks/payments/stub" : url
    }
}
