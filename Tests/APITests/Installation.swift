import API
import AsyncHTTPClient
import Charges
import Foundation
import Fulfilment
import Hummingbird
import JobQueue
import Links
import Logging
import Marketplace
import NIOCore
import NIOHTTP1
import ObjectStore
import PaymentStub
import Payments
import RedisClient
import ServiceLifecycle
import Telemetry
import Testing
import TestSupport

/// A whole installation in this process: a private Redis, a store on disk, the payment stub over HTTP, the real workers
/// of everything but ingestion and mail, and the API on a port of its own.
struct Installation: Sendable {
    /// The origin that the API believes to have; requests go to ``base`` all the same.
    static let publicURL = "http://sunset.test"

    let base: String
    let port: Int
    let routes: [APIRoute]
    let redis: RedisServer
    let marketplace: Marketplace
    let events: OrderEventHub
    let storeDirectory: String
    let keysFile: String
    let mails: Mails
    /// The metrics of this installation alone, with the process's and Redis's figures.
    let registry: MetricsRegistry
    let http: HTTPClient

    func get(_ path: String, as token: String? = nil, headers: [String: String] = [:]) async throws -> Answer {
        try await send("GET", path, as: token, headers: headers)
    }

    func post(
        _ path: String, _ json: String? = nil, as token: String? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send("POST", path, as: token, headers: headers, json: json)
    }

    func send(
        _ method: String, _ path: String, as token: String? = nil, headers: [String: String] = [:],
        json: String? = nil, bytes: [UInt8]? = nil
    ) async throws -> Answer {
        let path = path.replacing(Self.publicURL, with: "")
        var request = HTTPClientRequest(url: base + path)
        request.method = HTTPMethod(rawValue: method)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if let json {
            if headers["Content-Type"] == nil { request.headers.add(name: "Content-Type", value: "application/json") }
            request.body = .bytes(ByteBuffer(string: json))
        } else if let bytes {
            request.body = .bytes(ByteBuffer(bytes: bytes))
        }
        let response = try await http.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 256 << 20)
        let answer = Answer(status: Int(response.status.code), headers: response.headers, body: Array(buffer: body))
        Contract.shared.check(method: method, path: path, answer: answer)
        return answer
    }
}

/// Starts an installation, runs `body` with it and takes it down.
func withInstallation<T: Sendable>(
    redisConfiguration: [String] = [],
    configure: (inout APIConfiguration) -> Void = { _ in },
    _ body: @Sendable (Installation) async throws -> T
) async throws -> T {
    var configuration = APIConfiguration(publicURL: Installation.publicURL, port: 0)
    configure(&configuration)
    let adjusted = configuration
    return try await Gate.installations.enter {
        try await withTemporaryDirectory { directory in
            try await withRedis(configuration: redisConfiguration) { server, redis in
                let stub = PaymentStubConfiguration(dataDirectory: directory.file("payments"), secretKey: "sk_test")
                return try await withPaymentStub(stub, logger: .quiet) { paymentsURL in
                    try await run(adjusted, directory, server, redis, paymentsURL, body)
                }
            }
        }
    }
}

private func run<T: Sendable>(
    _ configuration: APIConfiguration, _ directory: TemporaryDirectory, _ server: RedisServer, _ redis: RedisClient,
    _ paymentsURL: String, _ body: @Sendable (Installation) async throws -> T
) async throws -> T {
    let marketplace = try await makeMarketplace(directory, redis, paymentsURL)
    let events = OrderEventHub(marketplace: marketplace)
    let dependencies = APIDependencies(marketplace: marketplace, events: events, logger: .quiet)
    let registry = buildMetricsRegistry(dependencies: dependencies)
    let api = try MarketplaceAPI(dependencies: dependencies, configuration: configuration)
    let http = HTTPClient(eventLoopGroupProvider: .singleton)
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let application = api.application { channel in port.yield(channel.localAddress?.port ?? 0) }
    let mails = Mails()
    let group = ServiceGroup(
        configuration: .init(services: [events, worker(marketplace, mails), application], logger: .quiet))
    do {
        let result = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { port.finish() }
                try await group.run()
            }
            guard let bound = await ports.first(where: { _ in true }) else {
                try await tasks.waitForAll()
                throw TestSupportError("the API did not start")
            }
            let installation = Installation(
                base: "http://127.0.0.1:\(bound)", port: bound, routes: api.routes, redis: server,
                marketplace: marketplace, events: events, storeDirectory: directory.file("store"),
                keysFile: directory.file("keys.json"), mails: mails, registry: registry, http: http)
            do {
                let result = try await body(installation)
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                return result
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
        }
        try await http.shutdown()
        return result
    } catch {
        try await http.shutdown()
        throw error
    }
}

private func makeMarketplace(
    _ directory: TemporaryDirectory, _ redis: RedisClient, _ paymentsURL: String
) async throws -> Marketplace {
    let queue = JobQueue(redis: redis, namespace: try Namespace("sunset"), logger: .quiet)
    var settings = MarketplaceConfiguration()
    settings.publicURL = Installation.publicURL
    settings.requiresPersistence = false
    // The least that Argon2 takes: what it costs an attacker is not the matter here.
    settings.passwordHashing = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)
    settings.codeInterval = .zero
    let marketplace = Marketplace(
        redis: redis, queue: queue,
        objects: try await DirectoryStore(directory: directory.file("store"), logger: .quiet),
        payments: HTTPPaymentProvider(
            HTTPPaymentProviderConfiguration(baseURL: paymentsURL, secretKey: "sk_test", webhookSecrets: ["whsec"]),
            logger: .quiet),
        keyRing: try KeyRing(file: directory.file("keys.json")), configuration: settings, logger: .quiet)
    try await queue.prepare()
    try await marketplace.start()
    return marketplace
}

/// The workers, but for two: mail is collected for the test to read, and ingestion finds every file in order.
private func worker(_ marketplace: Marketplace, _ mails: Mails) -> JobWorker {
    var handlers = JobHandlers()
    ChargesHandlers.register(into: &handlers, marketplace: marketplace)
    FulfilmentHandlers.register(into: &handlers, marketplace: marketplace)
    LinksHandlers.register(into: &handlers, marketplace: marketplace)
    for effect in Marketplace.uploadEffects {
        handlers.register(effect: effect)
    }
    handlers.register(SendMail.self) { mail, _ in
        mails.add(mail)
        return Completion.done
    }
    handlers.register(IngestUpload.self) { job, _ in
        guard let upload = try await marketplace.uploads.begin(id: job.upload) else { return Completion.done }
        let info = try await marketplace.objects.head(bucket: Uploads.bucket, key: upload.objectKey)
        let report = UploadReport(
            sha256: info.sha256, detectedType: upload.contentType, kind: .document, size: info.size)
        return Completion(effects: [try marketplace.uploads.ready(upload.id, report: report)])
    }
    return JobWorker(
        queue: marketplace.queue, handlers: handlers,
        configuration: JobWorkerConfiguration(
            queues: ["ingest", "charges", "fulfilment", "links", "mail"].map { WorkerQueue($0, concurrency: 8) },
            lease: .seconds(30), heartbeat: .seconds(10), gracePeriod: .seconds(5), name: "test"),
        logger: .quiet)
}
