import Clamd
import Foundation
import JobQueue
import Logging
import Marketplace
import NIOCore
import ObjectStore
import Payments
import RedisClient
import TestSupport
import Testing

@testable import Ingest

/// The whole job on a real Redis, a real queue and a real store.
@Suite("Ingest: jobs")
struct IngestJobTests {
    static let instruction = ProcessInfo.processInfo.environment["SUNSET_INGEST_CHILD"]

    @Test("a picture becomes ready, with its previews in the public bucket")
    func ready() async throws {
        try await withBench { bench in
            let picture = try Lab().picture("png", width: 400, height: 300)
            let upload = try await bench.upload(picture, "cover.png", "image/png", purpose: .cover)
            try await bench.work()
            let done = try await bench.market.uploads.upload(id: upload.id, owner: "usr_seller")
            #expect(done.state == .ready && done.problem == nil)
            let report = try #require(done.report)
            #expect(report.kind == .image && report.width == 400 && report.height == 300)
            let listing = try await bench.market.objects.list(bucket: Uploads.mediaBucket)
            #expect(
                listing.objects.map(\.key) == [
                    "\(upload.id)/160.jpg", "\(upload.id)/160.webp", "\(upload.id)/320.jpg", "\(upload.id)/320.webp",
                ])
            #expect(listing.objects.map(\.contentType) == ["image/jpeg", "image/webp", "image/jpeg", "image/webp"])
        }
    }

    @Test("a wrong checksum is the job's result and not its failure: rejected, with the reason for the seller")
    func rejected() async throws {
        try await withBench { bench in
            let upload = try await bench.upload(
                Data("hello".utf8), "a.txt", "text/plain", sha256: String(repeating: "0", count: 64))
            try await bench.work()
            let done = try await bench.market.uploads.upload(id: upload.id, owner: "usr_seller")
            #expect(done.state == .rejected)
            #expect(done.problem?.code == "checksum_mismatch")
            #expect(try await bench.depth("maintenance") == 2)
            let dead = try await bench.market.redis.send(RedisCommand("ZCARD", "{test}:q:ingest:dead"))
            #expect(dead.int == 0)
        }
    }

    @Test("text under a picture's name is rejected and gets no previews")
    func disguised() async throws {
        try await withBench { bench in
            let upload = try await bench.upload(Data("no picture".utf8), "a.png", "image/png")
            try await bench.work()
            let done = try await bench.market.uploads.upload(id: upload.id, owner: "usr_seller")
            #expect(done.state == .rejected && done.problem?.code == "type_mismatch")
            #expect(try await bench.market.objects.list(bucket: Uploads.mediaBucket).objects.isEmpty)
        }
    }

    @Test("an upload whose object is gone is rejected")
    func missing() async throws {
        try await withBench { bench in
            let upload = try await bench.upload(Data("hello".utf8), "a.txt", "text/plain")
            try await bench.market.objects.delete(bucket: Uploads.bucket, key: upload.objectKey)
            try await bench.work()
            let done = try await bench.market.uploads.upload(id: upload.id, owner: "usr_seller")
            #expect(done.state == .rejected && done.problem?.code == "file_missing")
        }
    }

    @Test("the second upload of the same content says so")
    func duplicate() async throws {
        try await withBench { bench in
            let first = try await bench.upload(Data("same".utf8), "a.txt", "text/plain")
            try await bench.work()
            let second = try await bench.upload(Data("same".utf8), "b.txt", "text/plain")
            try await bench.work()
            let done = try await bench.market.uploads.upload(id: second.id, owner: "usr_seller")
            #expect(done.state == .ready && done.report?.duplicateOf == first.id)
        }
    }

    @Test("a job that runs again after its end changes nothing")
    func again() async throws {
        try await withBench { bench in
            let upload = try await bench.upload(Data("hello".utf8), "a.txt", "text/plain")
            try await bench.work()
            let before = try await bench.market.uploads.upload(id: upload.id, owner: "usr_seller")
            try await bench.market.queue.enqueue(IngestUpload(upload: upload.id))
            try await bench.work()
            #expect(try await bench.market.uploads.upload(id: upload.id, owner: "usr_seller") == before)
        }
    }

    @Test("a worker killed in the middle is replaced by another, which ends the job")
    func killedWorker() async throws {
        try await withBench { bench in
            let picture = try Lab().picture("png", width: 400, height: 300)
            let upload = try await bench.upload(picture, "a.png", "image/png")
            let child = try bench.startChild()
            child.waitUntilExit()
            #expect(child.terminationReason == .uncaughtSignal)
            let interrupted = try await bench.market.uploads.upload(id: upload.id, owner: "usr_seller")
            #expect(interrupted.state == .processing)
            #expect(try await bench.market.objects.list(bucket: Uploads.mediaBucket).objects.count == 1)
            try await bench.work()
            let done = try await bench.market.uploads.upload(id: upload.id, owner: "usr_seller")
            #expect(done.state == .ready && done.report?.thumbnails.count == 4)
            #expect(try await bench.market.objects.list(bucket: Uploads.mediaBucket).objects.count == 4)
        }
    }

    /// Not a test of its own: the worker that is killed.
    @Test("child", .enabled(if: IngestJobTests.instruction != nil))
    func child() async throws {
        let parts = try #require(Self.instruction).split(separator: "|").map(String.init)
        let redis = RedisClient(RedisConfiguration(address: .unix(path: parts[0])), logger: .quiet)
        let bench = try await IngestBench(redis: redis, socket: parts[0], directory: parts[1], isDoomed: true)
        try await bench.work()
    }

    private func withBench(_ body: (IngestBench) async throws -> Void) async throws {
        try await withRedis { server, redis in
            try await withTemporaryDirectory { directory in
                let bench = try await IngestBench(
                    redis: redis, socket: server.socketPath, directory: directory.path)
                try await bench.market.start()
                try await body(bench)
            }
        }
    }
}

/// A marketplace, and workers of its ingest queue.
struct IngestBench {
    let market: Marketplace
    let socket: String
    let directory: String

    init(redis: RedisClient, socket: String, directory: String, isDoomed: Bool = false) async throws {
        self.socket = socket
        self.directory = directory
        var configuration = MarketplaceConfiguration()
        configuration.requiresPersistence = false
        let store = try await DirectoryStore(directory: directory + "/store", logger: .quiet)
        market = Marketplace(
            redis: redis,
            queue: JobQueue(redis: redis, namespace: try Namespace("test"), logger: .quiet),
            objects: isDoomed ? DoomedStore(store: store) : store,
            payments: HTTPPaymentProvider(
                HTTPPaymentProviderConfiguration(
                    baseURL: "http://127.0.0.1:9", secretKey: "none", webhookSecrets: ["none"]), logger: .quiet),
            keyRing: try KeyRing(keys: [.generate()]), configuration: configuration, logger: .quiet)
    }

    /// An upload whose bytes have arrived and whose job waits.
    func upload(
        _ bytes: Data, _ name: String, _ type: String, sha256: String? = nil, purpose: UploadPurpose = .file
    ) async throws -> Upload {
        let upload = try await market.uploads.create(
            NewUpload(
                filename: name, size: Int64(bytes.count), contentType: type, sha256: sha256, purpose: purpose),
            owner: "usr_seller")
        try await market.objects.put(bucket: Uploads.bucket, key: upload.objectKey, bytes: ByteBuffer(bytes: bytes))
        return try await market.uploads.complete(id: upload.id, owner: "usr_seller")
    }

    func depth(_ queue: String) async throws -> Int {
        try await market.redis.send(RedisCommand("HLEN", RedisArgument("{test}:q:\(queue):jobs"))).int ?? 0
    }

    /// Runs a worker until the queue is empty, or what is given has come to be.
    func work(
        scanner: MalwareScanner? = nil, until isDone: (() async throws -> Bool)? = nil
    ) async throws {
        var handlers = JobHandlers()
        IngestHandlers.register(
            into: &handlers, marketplace: market, scratchDirectory: directory, scanner: scanner)
        let worker = JobWorker(
            queue: market.queue, handlers: handlers,
            configuration: JobWorkerConfiguration(
                queues: [WorkerQueue("ingest", concurrency: 1, prefetches: false)], lease: .seconds(3),
                heartbeat: .seconds(1)),
            logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            while true {
                let ended = if let isDone { try await isDone() } else { try await depth("ingest") == 0 }
                if ended { break }
                try await Task.sleep(for: .milliseconds(5))
            }
            group.cancelAll()
        }
    }

    /// This test program again, as a worker of the same queue.
    func startChild() throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--testing-library", "swift-testing", "--filter", "IngestJobTests/child"]
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["SUNSET_INGEST_CHILD": "\(socket)|\(directory)"]
        ) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}

/// The real store, in a process that dies by SIGKILL as soon as it has put one object.
private struct DoomedStore: ObjectStore {
    let store: DirectoryStore

    func put<Body: AsyncSequence & Sendable>(
        bucket: String, key: String, body: Body, options: PutOptions
    ) async throws -> ObjectInfo where Body.Element == ByteBuffer {
        let info = try await store.put(bucket: bucket, key: key, body: body, options: options)
        kill(getpid(), SIGKILL)
        return info
    }

    func createBucket(_ bucket: String) async throws {
        try await store.createBucket(bucket)
    }

    func deleteBucket(_ bucket: String) async throws {
        try await store.deleteBucket(bucket)
    }

    func buckets() async throws -> [BucketInfo] {
        try await store.buckets()
    }

    func head(bucket: String, key: String) async throws -> ObjectInfo {
        try await store.head(bucket: bucket, key: key)
    }

    func get(bucket: String, key: String, range: ByteRangeRequest?) async throws -> ObjectBody {
        try await store.get(bucket: bucket, key: key, range: range)
    }

    func copy(from source: ObjectName, to destination: ObjectName, options: CopyOptions) async throws -> ObjectInfo {
        try await store.copy(from: source, to: destination, options: options)
    }

    func delete(bucket: String, key: String, ifMatch: String?) async throws -> Bool {
        try await store.delete(bucket: bucket, key: key, ifMatch: ifMatch)
    }

    func delete(bucket: String, keys: [String]) async throws -> [Bool] {
        try await store.delete(bucket: bucket, keys: keys)
    }

    func list(
        bucket: String, prefix: String, delimiter: String?, startAfter: String?, limit: Int
    ) async throws -> ObjectListing {
        try await store.list(
            bucket: bucket, prefix: prefix, delimiter: delimiter, startAfter: startAfter, limit: limit)
    }

    func withLocalFile<T>(bucket: String, key: String, _ body: (String) async throws -> T) async throws -> T {
        try await store.withLocalFile(bucket: bucket, key: key, body)
    }
}
