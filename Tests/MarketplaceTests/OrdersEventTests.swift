import Foundation
@testable import Marketplace
import Payments
import RedisClient
import TestSupport
import Testing

@Suite("Order events", .timeLimit(.minutes(2)))
struct OrdersEventTests {
    private func withHub(_ body: (Shop, OrderEventHub, Order) async throws -> Void) async throws {
        try await withShop { shop in
            let hub = OrderEventHub(marketplace: shop.market)
            let order = try await shop.checkout(
                [try await shop.addProduct(seller: try await shop.addUser(), price: 5)], user: try await shop.addUser())
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await hub.run() }
                defer { group.cancelAll() }
                try await eventually("the subscription") {
                    let reply = try await shop.send("PUBSUB", "NUMSUB", shop.key("evt:orders"))
                    return reply[1].int == 1
                }
                try await body(shop, hub, order)
            }
        }
    }

    @Test("Those who wait learn of the decision, all over one subscription")
    func decision() async throws {
        try await withHub { shop, hub, order in
            try await withThrowingTaskGroup(of: Order.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await hub.waitForDecision(order: order.id, timeout: .seconds(60)) }
                }
                try await eventually("all wait") { hub.waiting == 50 }
                let subscribers = try await shop.send("PUBSUB", "NUMSUB", shop.key("evt:orders"))
                #expect(subscribers[1].int == 1)
                try await shop.market.orders.apply(shop.event(.succeeded, order))
                for try await decided in group { #expect(decided.status == .paid) }
            }
            #expect(hub.waiting == 0)
        }
    }

    @Test("A decision from before the wait is seen at once, and an order that is not there is not found")
    func before() async throws {
        try await withHub { shop, hub, order in
            try await shop.market.orders.apply(shop.event(.paymentFailed, order))
            let decided = try await hub.waitForDecision(order: order.id, timeout: .seconds(60))
            #expect(decided.payment.status == .requiresPaymentMethod)
            let code = await refusal {
                _ = try await hub.waitForDecision(order: shop.market.newID(.order), timeout: .seconds(60))
            }
            #expect(code == "not_found")
            #expect(hub.waiting == 0)
        }
    }

    @Test("A wait that is over returns the order as it is")
    func timeout() async throws {
        try await withHub { _, hub, order in
            let undecided = try await hub.waitForDecision(order: order.id, timeout: .milliseconds(20))
            #expect(undecided.status == .processing)
            #expect(hub.waiting == 0)
        }
    }

    @Test("The stream has the state now, then each change, and ends with the last one")
    func stream() async throws {
        try await withHub { shop, hub, order in
            var statuses: [OrderStatus] = []
            var revisions: [Int] = []
            for try await seen in hub.orderEvents(order: order.id, after: nil) {
                statuses.append(seen.status)
                revisions.append(seen.revision)
                switch statuses.count {
                case 1: try await shop.market.orders.apply(shop.event(.paymentFailed, order))
                case 2: _ = try await shop.market.orders.cancel(payment: order.payment.id, user: order.userID)
                default: break
                }
            }
            #expect(statuses == [.processing, .open, .canceled])
            #expect(revisions == revisions.sorted())
            #expect(hub.waiting == 0)

            // Who has seen the end gets nothing; who missed it gets it.
            var more: [Int] = []
            for try await seen in hub.orderEvents(order: order.id, after: revisions.last) { more.append(seen.revision) }
            #expect(more.isEmpty)
            for try await seen in hub.orderEvents(order: order.id, after: 0) { more.append(seen.revision) }
            #expect(more == [revisions.last])
        }
    }

    @Test("A change while the subscription was down is seen when it is back")
    func reconnect() async throws {
        try await withHub { shop, hub, order in
            try await withThrowingTaskGroup(of: Order.self) { group in
                group.addTask { try await hub.waitForDecision(order: order.id, timeout: .seconds(60)) }
                try await eventually("it waits") { hub.waiting == 1 }
                // Nobody is told of this change: the subscription is gone when it is published.
                #expect(try await shop.send("CLIENT", "KILL", "TYPE", "pubsub").int == 1)
                try await shop.market.orders.apply(shop.event(.succeeded, order))
                group.addTask {
                    // Far less than the wait's own timeout, far more than a reconnect takes.
                    try await Task.sleep(for: .seconds(20))
                    throw TestSupportError("the waiter was not woken")
                }
                let decided = try await group.next()
                #expect(decided?.status == .paid)
                group.cancelAll()
            }
        }
    }
}
