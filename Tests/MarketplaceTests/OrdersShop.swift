import Charges
import Foundation
import Fulfilment
import JobQueue
import Links
import Logging
@testable import Marketplace
import NIOCore
import ObjectStore
import Payments
import RedisClient
import Synchronization
import TestSupport

/// A marketplace on a private Redis and a real store, with a few sellers' products and a provider that faults on demand.
struct Shop {
    let server: RedisServer
    let redis: RedisClient
    let market: Marketplace
    let provider: FaultyProvider
    let time: Time
    let outbox = Outbox()

    /// Hours that passed for the marketplace.
    final class Time: Sendable {
        private let ahead = Mutex(Duration.zero)
        func pass(_ duration: Duration) { ahead.withLock { $0 += duration } }
        var clock: MarketplaceClock { MarketplaceClock { self.ahead.withLock { $0 } } }
    }

    /// The messages that the worker took over.
    final class Outbox: Sendable {
        private let messages = Mutex<[SendMail]>([])
        func add(_ mail: SendMail) { messages.withLock { $0.append(mail) } }
        var mails: [SendMail] { messages.withLock { $0 } }
    }

    func key(_ rest: String) -> String { "{sunset}:" + rest }

    func send(_ name: String, _ arguments: String...) async throws -> RESPValue {
        try await redis.send(RedisCommand(name, arguments.map { RedisArgument($0) }))
    }

    func addUser() async throws -> String {
        let id = market.newID(.user)
        let email = String(id.suffix(8)) + "@example.org"
        _ = try await send(
            "HSET", key("usr:" + id), "id", id, "email", email, "name", "N " + id.suffix(4), "groups", "buyer seller",
            "confirmed", "1", "created", "1", "slug", "s-" + id.suffix(8))
        return id
    }

    /// A published product with real objects behind its files.
    func addProduct(
        seller: String, price: Int64, currency: String = "USD", files: Int = 1, downloadLimit: Int? = nil
    ) async throws -> String {
        let id = market.newID(.product)
        var list: [ProductFile] = []
        for number in 0..<files {
            let upload = market.newID(.upload)
            let content = ByteBuffer(string: "content \(number) of \(id)")
            let info = try await market.objects.put(
                bucket: Uploads.bucket, key: "\(seller)/\(upload)", bytes: content, options: PutOptions())
            list.append(
                ProductFile(
                    id: upload, filename: "file-\(number).epub", size: info.size, kind: .ebook, sha256: info.sha256,
                    contentType: "application/epub+zip"))
        }
        let json = String(decoding: try JSONEncoder().encode(list), as: UTF8.self)
        _ = try await send(
            "HSET", key("prd:" + id), "id", id, "seller", seller, "title", "Title " + id.suffix(4), "slug",
            "slug-" + id.suffix(6), "description", "", "price", String(price), "currency", currency, "category",
            "ebooks",
            "tags", "[]", "status", "published", "files", json, "cover", "", "download_limit",
            downloadLimit.map { String($0) } ?? "", "sales", "0", "version", "1", "created", "1", "updated", "1",
            "published", "1")
        return id
    }

    func cart(_ products: [String], owner: String? = nil) async throws -> Cart {
        var cart = try await market.carts.create(owner: owner)
        for product in products {
            cart = try await market.carts.put(product: product, in: cart.id, viewer: owner)
        }
        return cart
    }

    func checkout(_ products: [String], user: String, method: String? = "pm_ok") async throws -> Order {
        let cart = try await cart(products)
        return try await market.orders.checkout(
            cart: cart.id, user: user, quote: cart.quote, paymentMethod: method, claim: nil)
    }

    /// A paid order, settled as a webhook does it.
    func purchase(_ products: [String], user: String) async throws -> Order {
        let order = try await checkout(products, user: user)
        try await market.orders.apply(event(.succeeded, order))
        return try await market.orders.order(order.id)
    }

    func event(
        _ kind: PaymentEvent.Kind, _ order: Order, number: Int = 1, intent: String? = nil, amount: Int64? = nil
    ) -> PaymentEvent {
        let reference = IntentReference(order: order.id, payment: order.payment.id, number: number)
        let succeeded = kind == .succeeded
        let object = PaymentIntent(
            id: intent ?? "pi_\(order.id.suffix(8))_\(number)", amount: order.total.amount,
            currency: order.total.currency.lowercased(), status: succeeded ? .succeeded : .requiresPaymentMethod,
            amountCaptured: succeeded ? amount ?? order.total.amount : 0,
            lastError: kind == .paymentFailed ? PaymentDecline(code: "card_declined", message: "No.") : nil,
            nextAction: kind == .requiresAction ? .init(type: "authenticate", url: "https://bank") : nil,
            metadata: reference.metadata)
        return PaymentEvent(id: "evt_\(UUID())", kind: kind, created: 0, object: .intent(object))
    }

    func jobs(on queue: String) async throws -> Int {
        try await send("HLEN", key("q:\(queue):jobs")).int ?? 0
    }

    /// Lets the time of a queue's delayed jobs come, and hints the workers: they know when the next one was due.
    func makeDelayedJobsDue(on queue: String) async throws {
        let due = key("q:\(queue):due")
        for id in try await send("ZRANGE", due, "0", "-1").array ?? [] {
            _ = try await send("ZADD", due, "XX", "1", id.string ?? "")
        }
        _ = try await send("ZADD", key("q:\(queue):wake"), "0", "w")
    }

    /// Runs the real workers of the given queues, and a mail worker that keeps what it gets.
    func withWorkers(
        _ queues: [String] = ["charges", "fulfilment", "links", "mail"], _ body: () async throws -> Void
    ) async throws {
        var handlers = JobHandlers()
        ChargesHandlers.register(into: &handlers, marketplace: market)
        FulfilmentHandlers.register(into: &handlers, marketplace: market)
        LinksHandlers.register(into: &handlers, marketplace: market)
        let outbox = outbox
        handlers.register(SendMail.self) { mail, _ in outbox.add(mail) }
        let worker = JobWorker(
            queue: market.queue, handlers: handlers,
            configuration: JobWorkerConfiguration(queues: queues.map { WorkerQueue($0) }), logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    /// Waits until an order is as it should be, by reading it.
    func eventually(_ id: String, _ isTrue: (Order) -> Bool) async throws -> Order {
        try await TestSupport.eventually("order \(id)") { isTrue(try await market.orders.order(id)) }
        return try await market.orders.order(id)
    }
}

/// Opens a shop on a private Redis.
///
/// - Parameters:
///   - redis: Lines of `redis.conf`.
///   - payments: Another provider than the shop's own.
func withShop(
    redis lines: [String] = [],
    payments: (any PaymentProvider)? = nil,
    _ configure: (inout MarketplaceConfiguration) -> Void = { _ in }, _ body: (Shop) async throws -> Void
) async throws {
    try await withRedis(configuration: lines) { server, redis in
        try await withTemporaryDirectory { directory in
            var configuration = MarketplaceConfiguration()
            configuration.requiresPersistence = false
            configure(&configuration)
            let time = Shop.Time()
            let provider = FaultyProvider()
            let market = Marketplace(
                redis: redis, queue: JobQueue(redis: redis, namespace: try Namespace("sunset"), logger: .quiet),
                objects: try await DirectoryStore(directory: directory.file("store"), threads: 2, logger: .quiet),
                payments: payments ?? provider, keyRing: try KeyRing(keys: [.generate()]), configuration: configuration,
                clock: time.clock, logger: .quiet)
            try await market.start()
            try await body(Shop(server: server, redis: redis, market: market, provider: provider, time: time))
        }
    }
}

/// The code that the body is refused with.
func refusal(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch let error as MarketplaceError {
        return error.code
    } catch {
        return "\(error)"
    }
}
