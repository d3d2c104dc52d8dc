// swift-tools-version: 6.2
import PackageDescription

/// One set of language settings for every target (docs/architecture.md, "Swift").
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "sunset",
    products: [
        .library(name: "RedisClient", targets: ["RedisClient"]),
        .library(name: "JobQueue", targets: ["JobQueue"]),
        .library(name: "ObjectStore", targets: ["ObjectStore"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: [.defaults, "YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", exact: "1.7.3"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        // Redis and the queue. The arrows go one way: CHiredis → RedisClient → JobQueue → Marketplace → the rest.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .target(name: "RedisClient", dependencies: ["CHiredis", logging, metrics, lifecycle], swiftSettings: settings),
        .target(
            name: "JobQueue",
            dependencies: ["RedisClient", logging, metrics, lifecycle, tracing],
            resources: [.embedInCode("Lua")],
            swiftSettings: settings
        ),

        // Files and money stand alone below the marketplace.
        .target(name: "CChecksum"),
        .target(
            name: "ObjectStore",
            dependencies: ["CChecksum", crypto, grdb, logging, nioCore, nioPosix],
            swiftSettings: settings
        ),
        .target(
            name: "S3",
            dependencies: ["HTTPSupport", "ObjectStore", crypto, hummingbird, logging, lifecycle, nioCore],
            swiftSettings: settings
        ),
        .target(
            name: "Payments", dependencies: [asyncHTTPClient, crypto, logging, nioCore, nioHTTP1, nioPosix],
            swiftSettings: settings),
        .target(
            name: "PaymentStub",
            dependencies: [
                "Payments", "Telemetry", asyncHTTPClient, crypto, hummingbird, logging, metrics, lifecycle,
            ],
            swiftSettings: settings
        ),

        .systemLibrary(
            name: "CArgon2", path: "Sources/CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
        .target(
            name: "Marketplace",
            dependencies: ["CArgon2", "JobQueue", "ObjectStore", "Payments", "RedisClient", crypto, logging, nioPosix],
            resources: [.embedInCode("Lua")],
            swiftSettings: settings
        ),
        .target(
            name: "Telemetry",
            dependencies: [
                .product(name: "CoreMetrics", package: "swift-metrics"), logging, metrics, lifecycle, nioCore,
                nioHTTP1, nioPosix,
            ],
            swiftSettings: settings),
        // What both HTTP servers need, of HTTP alone.
        .target(
            name: "HTTPSupport", dependencies: ["ObjectStore", hummingbird, nioCore, nioHTTP1], swiftSettings: settings),
        .target(name: "Settings", dependencies: [configuration, yams], swiftSettings: settings),
        .target(
            name: "API",
            dependencies: [
                "HTTPSupport", "Marketplace", "ObjectStore", "Payments", "JobQueue", "RedisClient", "Telemetry",
                crypto, hummingbird, logging, metrics, nioCore, lifecycle,
            ],
            resources: [.embedInCode("Resources")],
            swiftSettings: settings
        ),

        // One folder per queue, and the pool that runs them.
        // What reads hostile files with libmagic and libarchive; Ingest runs it as a process of its own, sunset-probe.
        .systemLibrary(
            name: "CMagic", path: "Workers/Probing/CMagic", pkgConfig: "libmagic",
            providers: [.apt(["libmagic-dev"])]),
        .systemLibrary(
            name: "CArchive", path: "Workers/Probing/CArchive", pkgConfig: "libarchive",
            providers: [.apt(["libarchive-dev"])]),
        .target(
            name: "Probing", dependencies: ["CArchive", "CMagic"], path: "Workers/Probing",
            exclude: ["CArchive", "CMagic"], swiftSettings: settings),
        .executableTarget(
            name: "sunset-probe", dependencies: ["Probing"], path: "Workers/sunset-probe", swiftSettings: settings),
        // clamd's protocol; the doctor asks it, too.
        .target(name: "Clamd", dependencies: [nioPosix], path: "Workers/Clamd", swiftSettings: settings),
        .target(
            name: "Ingest",
            dependencies: [
                "Clamd", "Probing", "Marketplace", "ObjectStore", "JobQueue", crypto, logging, nioCore, nioPosix,
                subprocess,
            ],
            path: "Workers/Ingest",
            swiftSettings: settings
        ),
        .target(
            name: "Charges", dependencies: ["Marketplace", "Payments", "JobQueue", logging], path: "Workers/Charges",
            swiftSettings: settings),
        .target(
            name: "Fulfilment", dependencies: ["Marketplace", "JobQueue", logging], path: "Workers/Fulfilment",
            swiftSettings: settings),
        .target(
            name: "Links", dependencies: ["Marketplace", "JobQueue", logging], path: "Workers/Links",
            swiftSettings: settings),
        .target(
            name: "Mail", dependencies: ["Marketplace", "JobQueue", logging, metrics, nioPosix], path: "Workers/Mail",
            swiftSettings: settings),
        .target(
            name: "Maintenance", dependencies: ["Marketplace", "ObjectStore", "JobQueue", logging],
            path: "Workers/Maintenance", swiftSettings: settings),
        .target(
            name: "Pool",
            dependencies: [
                "Assembly", "Clamd", "Ingest", "Probing", "Charges", "Fulfilment", "Links", "Mail", "Maintenance",
                "Settings", "JobQueue",
                "Marketplace", "RedisClient", "Telemetry", logging, metrics, lifecycle, signals, subprocess,
                systemPackage,
            ],
            path: "Workers/Pool",
            swiftSettings: settings
        ),

        // The parts of an installation, opened as its settings say.
        .target(
            name: "Assembly",
            dependencies: [
                "Settings", "Marketplace", "ObjectStore", "Payments", "JobQueue", "RedisClient", "Telemetry", logging,
                metrics,
            ],
            swiftSettings: settings
        ),

        // The screen of `sunsetctl top`.
        .target(name: "Dashboard", dependencies: ["JobQueue"], swiftSettings: settings),

        // Thin executables: read configuration, build, run.
        .executableTarget(
            name: "sunset-api",
            dependencies: [
                "API", "Assembly", "Marketplace", "S3", "Settings", "Telemetry", argumentParser, hummingbird, logging,
                lifecycle, signals,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "sunset-worker",
            dependencies: ["Pool", "Assembly", "Settings", argumentParser, logging, lifecycle, signals],
            path: "Workers/sunset-worker",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "sunset-payments",
            dependencies: [
                "PaymentStub", "Assembly", "Settings", "Telemetry", argumentParser, hummingbird, logging, lifecycle,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "sunsetctl",
            dependencies: [
                "Clamd", "Dashboard", "Assembly", "Marketplace", "ObjectStore", "Payments", "S3", "Settings",
                "JobQueue",
                "RedisClient",
                argumentParser, logging,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "sunset-bench",
            dependencies: ["Dashboard", "JobQueue", "RedisClient", "TestSupport", argumentParser, logging, lifecycle],
            swiftSettings: settings
        ),

        // Tests run against real parts; TestSupport starts and stops them.
        .target(
            name: "TestSupport", dependencies: ["RedisClient", "Telemetry", logging], path: "Tests/TestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "RedisClientTests", dependencies: ["RedisClient", "CHiredis", "TestSupport", metrics],
            swiftSettings: settings),
        .testTarget(
            name: "JobQueueTests",
            dependencies: [
                "JobQueue", "RedisClient", "TestSupport", "queue-test-worker", "queue-example", logging, lifecycle,
                metrics, tracing,
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: settings),
        // A worker process of its own, for tests that kill, freeze and wake it.
        .executableTarget(
            name: "queue-test-worker", dependencies: ["JobQueue", "RedisClient", logging, lifecycle],
            path: "Tests/QueueTestWorker", swiftSettings: settings),
        // The program that docs/job-queue.md begins with.
        .executableTarget(
            name: "queue-example", dependencies: ["JobQueue", "RedisClient", logging, lifecycle],
            path: "Tests/QueueExample", swiftSettings: settings),
        // The pool and its workers with jobs that sleep, leak and hang.
        .executableTarget(
            name: "pool-test-worker",
            dependencies: [
                "Pool", "Assembly", "Ingest", "Settings", "JobQueue", "RedisClient", argumentParser, logging, lifecycle,
                signals, subprocess,
            ],
            path: "Tests/PoolTestWorker", swiftSettings: settings),
        .testTarget(
            name: "ObjectStoreTests", dependencies: ["ObjectStore", "TestSupport", grdb, nioCore],
            swiftSettings: settings),
        .testTarget(
            name: "S3Tests",
            dependencies: ["S3", "ObjectStore", "TestSupport", crypto, grdb, hummingbird, logging, nioCore, lifecycle],
            exclude: ["clients.py", "requirements.txt"],
            swiftSettings: settings),
        .testTarget(
            name: "PaymentsTests",
            dependencies: ["Payments", "PaymentStub", "Telemetry", "TestSupport", asyncHTTPClient, hummingbird],
            swiftSettings: settings),
        .testTarget(
            name: "MarketplaceTests",
            dependencies: [
                "Marketplace", "JobQueue", "RedisClient", "ObjectStore", "Payments", "TestSupport",
                "Charges", "Fulfilment", "Links", "PaymentStub", logging, nioCore,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ControlTests",
            dependencies: [
                "sunsetctl", "Dashboard", "Marketplace", "ObjectStore", "Payments", "PaymentStub", "JobQueue",
                "RedisClient", "TestSupport", "queue-test-worker", "Fulfilment", "Links", logging, lifecycle, nioCore,
            ],
            exclude: ["Screens", "stalled_terminal.py"],
            swiftSettings: settings),
        .testTarget(
            name: "TelemetryTests", dependencies: ["Telemetry", "TestSupport", metrics, logging, lifecycle],
            swiftSettings: settings),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"], swiftSettings: settings),
        .testTarget(
            name: "WorkersTests",
            dependencies: [
                "Clamd", "Ingest", "Charges", "Fulfilment", "Links", "Mail", "Maintenance", "Pool",
                "Marketplace", "ObjectStore", "JobQueue", "RedisClient", "TestSupport", "sunset-probe", "sunset-worker",
                "pool-test-worker", "PaymentStub", "Probing", "Settings", "Telemetry", nioCore, logging,
            ],
            exclude: ["archives.py"],
            swiftSettings: settings),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "HTTPSupport", "Settings", "Marketplace", "ObjectStore", "Payments", "JobQueue", "RedisClient",
                "Telemetry", "TestSupport", "PaymentStub", "Charges", "Fulfilment", "Links", asyncHTTPClient, crypto,
                hummingbird, logging, nioCore, yams,
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
