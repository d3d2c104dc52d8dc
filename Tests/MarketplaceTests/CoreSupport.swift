import Foundation
import JobQueue
import Logging
import Marketplace
import NIOCore
import ObjectStore
import Payments
import RedisClient
import Synchronization
import TestSupport
import Testing

/// A marketplace on a private Redis and a directory store of its own; nothing of it is faked but the time.
struct MarketBench {
    let market: Marketplace
    let redis: RedisClient
    let server: RedisServer
    let clock: TestClock

    /// The payloads of the jobs of one type that wait in a queue, in no order.
    func jobs<J: Job>(_ type: J.Type) async throws -> [J] {
        let key = "\(market.keys.ns)q:\(J.queue):jobs"
        let values = try await redis.send(RedisCommand("HVALS", RedisArgument(key))).array ?? []
        return try values.compactMap { value in
            // An envelope is a line that names the type, and the payload.
            guard let envelope = value.string, let end = envelope.firstIndex(of: "\n"),
                envelope[..<end].split(separator: " ").contains(Substring(J.name))
            else { return nil }
            return try JSONDecoder().decode(type, from: Data(envelope[envelope.index(after: end)...].utf8))
        }
    }

    /// The codes that were mailed to an address so far.
    func codes(to address: String) async throws -> [String] {
        try await jobs(SendMail.self).filter { $0.to == address }.compactMap { mail in
            switch mail.template {
            case .confirmCode(let code, _), .resetCode(let code, _): code
            default: nil
            }
        }
    }

    /// A confirmed account.
    func account(
        _ address: String, name: String = "Somebody", groups: [UserGroup] = [.buyer], password: String = "correct horse"
    ) async throws -> User {
        let before = Set(try await codes(to: address))
        try await market.accounts.signUp(email: address, password: password, name: name, groups: groups)
        let code = try #require(try await codes(to: address).first { !before.contains($0) })
        return try await market.accounts.confirm(email: address, code: code)
    }

    /// A ready upload: the bytes really stored, the decision of the ingest worker really staged and applied.
    func readyUpload(
        owner: String, filename: String = "book.pdf", purpose: UploadPurpose = .file, bytes: String = "hello"
    ) async throws -> Upload {
        let upload = try await uploaded(owner: owner, filename: filename, purpose: purpose, bytes: bytes)
        let report = UploadReport(
            sha256: String(repeating: "a", count: 64), detectedType: upload.contentType,
            kind: purpose == .cover ? .image : .document, size: upload.size, width: 640, height: 480,
            thumbnails: purpose == .cover ? [Thumbnail(width: 160, height: 120, type: "image/webp")] : [])
        try await ingest { try market.uploads.ready($0.id, report: report) }
        return try await market.uploads.upload(id: upload.id, owner: owner)
    }

    /// An upload whose bytes arrived and whose ingestion waits.
    func uploaded(
        owner: String, filename: String = "book.pdf", purpose: UploadPurpose = .file, bytes: String = "hello"
    ) async throws -> Upload {
        let upload = try await market.uploads.create(
            NewUpload(
                filename: filename, size: Int64(bytes.utf8.count),
                contentType: purpose == .cover ? "image/png" : "application/pdf", purpose: purpose), owner: owner)
        _ = try await market.objects.put(
            bucket: Uploads.bucket, key: upload.objectKey, bytes: ByteBuffer(string: bytes))
        return try await market.uploads.complete(id: upload.id, owner: owner)
    }

    /// Runs a worker until the ingest queue is empty; `decide` stands for the looking at the file.
    func ingest(_ decide: @escaping @Sendable (Upload) async throws -> Effect) async throws {
        var handlers = JobHandlers()
        for effect in Marketplace.uploadEffects { handlers.register(effect: effect) }
        let uploads = market.uploads
        handlers.register(IngestUpload.self) { job, _ in
            guard let upload = try await uploads.begin(id: job.upload) else { return Completion.done }
            return Completion(effects: [try await decide(upload)])
        }
        let worker = JobWorker(
            queue: market.queue, handlers: handlers,
            configuration: JobWorkerConfiguration(queues: [WorkerQueue("ingest", concurrency: 2)]), logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            let key = "\(market.keys.ns)q:ingest:jobs"
            while try await redis.send(RedisCommand("HLEN", RedisArgument(key))).int != 0 {
                try await Task.sleep(for: .milliseconds(5))
            }
            group.cancelAll()
        }
    }

    /// A published product.
    func product(
        seller: User, title: String, description: String = "", price: Int64 = 500, category: String = "ebooks",
        tags: [String] = [], upload: String? = nil
    ) async throws -> Product {
        let file: String
        if let upload { file = upload } else { file = try await readyUpload(owner: seller.id).id }
        let draft = try await market.catalog.create(
            NewProduct(
                title: title, description: description, price: Money(amount: price, currency: "USD"),
                category: category, tags: tags),
            seller: seller.id)
        _ = try await market.catalog.setFiles(draft.id, uploads: [file], seller: seller.id)
        return try await market.catalog.publish(draft.id, seller: seller.id)
    }
}

/// A clock that a test moves.
final class TestClock: Sendable {
    private let offset = Atomic<Int64>(0)

    func advance(by duration: Duration) {
        offset.add(duration.components.seconds * 1000, ordering: .relaxed)
    }

    var marketplace: MarketplaceClock {
        MarketplaceClock { .milliseconds(self.offset.load(ordering: .relaxed)) }
    }
}

/// Runs a test on a marketplace of its own.
func withMarket(
    configuration lines: [String] = [],
    adjust: (inout MarketplaceConfiguration) -> Void = { _ in },
    _ body: (MarketBench) async throws -> Void
) async throws {
    try await withRedis(configuration: lines) { server, redis in
        try await withTemporaryDirectory { directory in
            var configuration = MarketplaceConfiguration()
            configuration.requiresPersistence = false
            // The real algorithm at its lowest cost: what is tested here is not how long it takes.
            configuration.passwordHashing = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)
            adjust(&configuration)
            let clock = TestClock()
            let queue = JobQueue(redis: redis, namespace: try Namespace("test"), logger: .quiet)
            let market = Marketplace(
                redis: redis, queue: queue,
                objects: try await DirectoryStore(directory: directory.path, logger: .quiet),
                payments: HTTPPaymentProvider(
                    HTTPPaymentProviderConfiguration(
                        baseURL: "http://127.0.0.1:9", secretKey: "none", webhookSecrets: ["none"]),
                    logger: .quiet),
                keyRing: try KeyRing(keys: [.generate()]), configuration: configuration, clock: clock.marketplace,
                logger: .quiet)
            try await market.start()
            try await body(MarketBench(market: market, redis: redis, server: server, clock: clock))
        }
    }
}

/// What a refusal looks like, for comparing: `nil` if the body does not throw.
func refusalOf(_ body: () async throws -> Void) async throws -> MarketplaceError? {
    do {
        try await body()
        return nil
    } catch let error as MarketplaceError {
        return error
    }
}
