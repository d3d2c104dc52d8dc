import Foundation
import JobQueue
import RedisClient
import Synchronization
import TestSupport
import Testing

@testable import Marketplace

/// Redis is killed with SIGKILL in the middle of checkouts and charges, and started again.
@Suite("Crashes of Redis", .timeLimit(.minutes(3)))
struct OrdersCrashTests {
    /// What the buyers were told.
    private final class Tally: Sendable {
        private let state = Mutex<(acknowledged: [String], refused: [String])>(([], []))
        var acknowledged: [String] { state.withLock { $0.acknowledged } }
        var refused: [String] { state.withLock { $0.refused } }
        func acknowledge(_ order: String) { state.withLock { $0.acknowledged.append(order) } }
        func refuse(_ reason: String) { state.withLock { $0.refused.append(reason) } }
    }

    @Test("No acknowledged order is lost, none is made or charged twice, and the books are right")
    func killed() async throws {
        try await withShop(redis: ["appendonly yes", "appendfsync always"]) { shop in
            let seller = try await shop.addUser()
            let tally = Tally()
            var carts: [(cart: Cart, user: String)] = []
            for price in 1...40 {
                let product = try await shop.addProduct(seller: seller, price: Int64(price))
                carts.append((try await shop.cart([product]), try await shop.addUser()))
            }
            try await shop.withWorkers(["charges", "fulfilment"]) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for lane in 0..<4 {
                        let mine = stride(from: lane, to: carts.count, by: 4).map { carts[$0] }
                        group.addTask {
                            for (cart, user) in mine {
                                do {
                                    let order = try await shop.market.orders.checkout(
                                        cart: cart.id, user: user, quote: cart.quote, paymentMethod: "pm_ok", claim: nil
                                    )
                                    tally.acknowledge(order.id)
                                } catch {
                                    tally.refuse("\(error)")
                                }
                            }
                        }
                    }
                    for target in [5, 15, 25] {
                        try await eventually("\(target) orders") {
                            tally.acknowledged.count + tally.refused.count >= target
                        }
                        shop.server.kill(SIGKILL)
                        try await shop.server.restart()
                    }
                    try await group.waitForAll()
                }
                // An answer that was lost is asked for again, by the same order's id: nobody has to be told.
                #expect(tally.refused == [])
                for id in tally.acknowledged {
                    let order = try await shop.eventually(id) { $0.fulfilmentStatus == .fulfilled }
                    #expect(order.status == .paid)
                }
            }
            #expect(Set(tally.acknowledged).count == 40)
            #expect(try await shop.send("ZCARD", shop.key("orders")).int == 40)
            #expect(shop.provider.charges.count == 40)
            #expect(Set(shop.provider.charges).count == 40)
            let report = try await shop.market.ledger.verify()
            #expect(report.ok, "\(report.problems)")
            #expect(report.transactions == 40)
            #expect(report.currencies.first?.received == 820)
        }
    }
}
