extension SettingDefinition {
    /// A queue's place in the worker pool, by default.
    struct QueueDefaults: Sendable {
        let name: String
        let minimum: Int
        let maximum: Int
        let concurrency: Int
        let memoryMiB: Int
        let latencyGoalMilliseconds: Int
    }

    /// The queues that the installation's workers consume.
    ///
    /// Ingest is the heavy one: one file at a time per process, so that a hostile file takes down nobody else's work.
    static let queues: [QueueDefaults] = [
        QueueDefaults(
            name: "ingest", minimum: 1, maximum: 4, concurrency: 1, memoryMiB: 2048, latencyGoalMilliseconds: 5000),
        QueueDefaults(
            name: "charges", minimum: 1, maximum: 4, concurrency: 16, memoryMiB: 512, latencyGoalMilliseconds: 500),
        QueueDefaults(
            name: "fulfilment", minimum: 1, maximum: 4, concurrency: 16, memoryMiB: 512,
            latencyGoalMilliseconds: 1000),
        QueueDefaults(
            name: "links", minimum: 1, maximum: 4, concurrency: 16, memoryMiB: 512, latencyGoalMilliseconds: 1000),
        QueueDefaults(
            name: "mail", minimum: 1, maximum: 4, concurrency: 8, memoryMiB: 512, latencyGoalMilliseconds: 10_000),
        QueueDefaults(
            name: "maintenance", minimum: 1, maximum: 1, concurrency: 2, memoryMiB: 512,
            latencyGoalMilliseconds: 60_000),
    ]

    /// Every setting there is, in the order of `Config/sunset.yaml`.
    public static let all: [SettingDefinition] =
        general + redis + api + store + uploads + payments + money + maintenance + mail + ingest + workers

    private static let general: [SettingDefinition] = [
        .init(
            "data", ".sunset", .text(emptyAllowed: false),
            "folder of everything that the installation keeps; other relative paths start there"),
        .init(
            "namespace", "sunset", .text(emptyAllowed: false),
            "hash tag of every Redis key; two installations on one Redis need two"),
        .init(
            "log.level", "info", .oneOf(["trace", "debug", "info", "notice", "warning", "error"]),
            "least severe level that is logged"),
        .init(
            "keys.file", "keys/signing.json", .path(emptyAllowed: false),
            "signing keys of URLs and download tokens; made at first start, mode 0600"),
    ]

    private static let redis: [SettingDefinition] = [
        .init(
            "redis.socket", "redis/redis.sock", .path(emptyAllowed: true),
            "Unix socket of Redis; empty: use redis.host and redis.port"),
        .init("redis.host", "127.0.0.1", .text(emptyAllowed: false), "host of Redis, where redis.socket is empty"),
        .init("redis.port", "6379", .integer(1...65_535), "port of Redis, where redis.socket is empty"),
        .init(
            "redis.sentinels", "", .endpoints,
            "Sentinels that name the primary, host:port separated by commas; empty: redis.socket or redis.host is it"),
        .init("redis.sentinel_master", "sunset", .text(emptyAllowed: false), "name that the Sentinels know it by"),
        .init(
            "redis.sentinel_password_file", "", .path(emptyAllowed: true),
            "file with the Sentinels' password; empty: none"),
        .init(
            "redis.replicas", "0", .integer(0...16),
            "replicas that must have a job or an order before it is acknowledged (WAIT); 0: none"),
        .init(
            "redis.replica_timeout_ms", "1000", .integer(1...60_000),
            "milliseconds that they may take, after which the call fails as not replicated"),
        .init("redis.database", "0", .integer(0...15), "number of the database (SELECT)"),
        .init("redis.username", "", .text(emptyAllowed: true), "ACL user; empty: the default user"),
        .init("redis.password_file", "", .path(emptyAllowed: true), "file with the password; empty: none"),
        .init(
            "redis.allow_volatile", "false", .boolean,
            "true: start although Redis does not persist every write (tests only)"),
    ]

    private static let api: [SettingDefinition] = [
        .init("api.host", "127.0.0.1", .text(emptyAllowed: false), "address that the API listens on"),
        .init("api.port", "8080", .integer(0...65_535), "port that the API listens on; 0: any free one"),
        .init(
            "api.public_url", "http://127.0.0.1:8080", .origin,
            "origin that people and links use; cookies count only for requests from it"),
        .init("api.metrics_port", "0", .integer(0...65_535), "port of /metrics on api.host; 0: off"),
        .init("api.storefront", "", .path(emptyAllowed: true), "folder of the built storefront; empty: none is served"),
    ]

    private static let store: [SettingDefinition] = [
        .init("store.directory", "store", .path(emptyAllowed: false), "folder of the object store"),
        .init("store.address", "", .endpoint, "host:port that the S3 protocol is served on; empty: it is not"),
        .init("store.region", "us-east-1", .text(emptyAllowed: false), "region that the S3 protocol says it is in"),
        .init(
            "store.access_keys", "secrets/s3-keys", .path(emptyAllowed: false),
            "file with the access keys of the S3 protocol; made with one key where it is missing, mode 0600"),
    ]

    private static let uploads: [SettingDefinition] = [
        .init(
            "uploads.max_bytes", "5368709120", .integer(1...1_099_511_627_776),
            "largest file that a seller may upload, in bytes"),
        .init(
            "uploads.quota_bytes", "107374182400", .integer(1...1_125_899_906_842_624),
            "bytes that one seller's uploads may take in all"),
        .init(
            "uploads.url_lifetime_s", "86400", .integer(60...604_800), "seconds that a presigned upload URL is good for"
        ),
        .init(
            "downloads.link_lifetime_s", "86400", .integer(60...2_592_000),
            "seconds that a download link is good for, at least"),
    ]

    private static let payments: [SettingDefinition] = [
        .init("payments.url", "http://127.0.0.1:8081", .origin, "origin of the payment provider"),
        .init(
            "payments.secret_key_file", "secrets/payments-key", .path(emptyAllowed: false),
            "file with the provider's secret key; made at first start"),
        .init(
            "payments.webhook_secret_file", "secrets/payments-webhook", .path(emptyAllowed: false),
            "file with the secrets of the provider's webhooks, newest first, one a line"),
        .init(
            "payments.stub.host", "127.0.0.1", .text(emptyAllowed: false), "address that the payment stub listens on"),
        .init("payments.stub.port", "8081", .integer(0...65_535), "port that the payment stub listens on"),
        .init(
            "payments.stub.metrics_port", "0", .integer(0...65_535), "port of the stub's /metrics on its host; 0: off"),
        .init(
            "payments.stub.directory", "payments", .path(emptyAllowed: false), "folder of the payment stub's journal"),
        .init(
            "payments.stub.webhook_url", "", .text(emptyAllowed: true),
            "where the stub sends its events; empty: the API's /v1/webhooks/payments/stub"),
    ]

    private static let money: [SettingDefinition] = [
        .init(
            "market.fee_basis_points", "1000", .integer(0...10_000),
            "the platform's share of a sale, in hundredths of a percent"),
        .init(
            "market.order_lifetime_s", "86400", .integer(60...2_592_000), "seconds after which an unpaid order expires"),
        .init(
            "market.admin_email", "admin@sunset.invalid", .text(emptyAllowed: false),
            "address of the admin that the first start makes"),
    ]

    private static let maintenance: [SettingDefinition] = [
        .init(
            "maintenance.ledger_check", "0 3 * * *", .text(emptyAllowed: true),
            "when the ledger is verified (cron, or @every 6h); empty: never"),
        .init(
            "maintenance.store_scrub", "0 4 * * 0", .text(emptyAllowed: true),
            "when the store's files are compared with their hashes (cron, or @every 24h); empty: never"),
        .init(
            "maintenance.store_scrub_mib_s", "50", .integer(0...1_000_000),
            "MiB a second that this reads at most; 0: as fast as the disk"),
        .init(
            "maintenance.time_zone", "UTC", .text(emptyAllowed: false), "IANA name of the time zone of these times"),
    ]

    private static let mail: [SettingDefinition] = [
        .init("mail.directory", "mail", .path(emptyAllowed: false), "Maildir that messages are delivered to"),
        .init(
            "mail.from", "Sunset <no-reply@sunset.invalid>", .text(emptyAllowed: false),
            "sender of every message (RFC 5322 mailbox)"),
    ]

    private static let ingest: [SettingDefinition] = [
        .init(
            "ingest.max_pixels", "100000000", .integer(1...10_000_000_000),
            "pixels above which a picture is refused before it is decoded"),
        .init(
            "ingest.memory_mib", "1024", .integer(64...65_536), "address space that one media probe may take, in MiB"),
        .init("ingest.cpu_s", "60", .integer(1...3_600), "processor seconds that one media probe may take"),
        .init(
            "ingest.archive_max_entries", "100000", .integer(1...10_000_000),
            "entries above which an archive is refused, those of archives inside it included"),
        .init(
            "ingest.archive_max_unpacked_bytes", "17179869184", .integer(1...1_099_511_627_776),
            "bytes above which an archive that is unpacked whole is refused"),
        .init(
            "ingest.archive_max_ratio", "200", .integer(1...1_000_000),
            "times its own size to which an archive may unpack, once that is over 16 MiB"),
        .init(
            "ingest.archive_max_depth", "4", .integer(1...16),
            "levels of archives in archives, the outermost included, above which one is refused"),
        .init(
            "ingest.scanner", "", .scanner,
            "clamd that scans every file, as tcp://host:port or unix:/path; empty: files are not scanned"),
        .init(
            "ingest.scanner_timeout_s", "120", .integer(1...3_600),
            "seconds that a scan may take, and one more for each 4 MiB of the file"),
    ]

    private static let workers: [SettingDefinition] =
        [
            .init(
                "workers.lease_s", "30", .integer(3...3_600), "seconds after which a silent worker's job is another's"),
            .init(
                "workers.grace_s", "25", .integer(0...3_600),
                "seconds that running jobs get to end when a worker is stopped"),
            .init(
                "workers.start_s", "60", .integer(1...3_600),
                "seconds in which a worker process must be ready, or it is killed and started again"),
            .init(
                "workers.metrics_port", "0", .integer(0...65_535),
                "port of /metrics on 127.0.0.1: the pool's with its workers', or a lone worker's; 0: off"),
        ]
        + queues.flatMap { queue in
            [
                .init(
                    "workers.\(queue.name).min", "\(queue.minimum)", .integer(0...256),
                    "fewest worker processes of the \(queue.name) queue"),
                .init(
                    "workers.\(queue.name).max", "\(queue.maximum)", .integer(0...256),
                    "most worker processes of it; below the fewest: the fewest"),
                .init(
                    "workers.\(queue.name).concurrency", "\(queue.concurrency)", .integer(1...1_000),
                    "jobs at once in each of them"),
                .init(
                    "workers.\(queue.name).memory_mib", "\(queue.memoryMiB)", .integer(0...1_048_576),
                    "resident memory above which a process is replaced, in MiB; 0: any"),
                .init(
                    "workers.\(queue.name).latency_goal_ms", "\(queue.latencyGoalMilliseconds)",
                    .integer(1...86_400_000), "wait of the oldest job that the pool scales to stay below"),
            ]
        }
}
