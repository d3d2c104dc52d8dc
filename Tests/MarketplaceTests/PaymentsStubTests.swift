import Foundation
import JobQueue
import PaymentStub
import Payments
import RedisClient
import TestSupport
import Testing

@testable import Marketplace

/// The charge worker against the real stub, as the installation runs it.
@Suite("Charges at the payment stub", .timeLimit(.minutes(2)))
struct PaymentsStubTests {
    private func withStub(
        _ body: (Shop, HTTPPaymentProvider, _ user: String, _ product: String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let secret = "sk_test"
            let configuration = PaymentStubConfiguration(
                dataDirectory: directory.file("stub"), secretKey: secret, webhookSecrets: ["whsec"])
            try await withPaymentStub(configuration, logger: .quiet) { url in
                let provider = HTTPPaymentProvider(
                    HTTPPaymentProviderConfiguration(baseURL: url, secretKey: secret, webhookSecrets: ["whsec"]),
                    logger: .quiet)
                try await withShop(payments: provider) { shop in
                    let product = try await shop.addProduct(seller: try await shop.addUser(), price: 1999)
                    try await body(shop, provider, try await shop.addUser(), product)
                }
            }
        }
    }

    private func method(_ number: String, _ provider: HTTPPaymentProvider) async throws -> String {
        try await provider.createPaymentMethod(Card(number: number, expMonth: 12, expYear: 2040, cvc: "123")).id
    }

    @Test("A good card pays; the intent carries the order, and its webhook finds it settled")
    func good() async throws {
        try await withStub { shop, provider, user, product in
            let order = try await shop.checkout(
                [product], user: user, method: try await method("4242424242424242", provider))
            try await shop.withWorkers {
                _ = try await shop.eventually(order.id) { $0.fulfilmentStatus == .fulfilled }
            }
            let id = try #require(try await shop.market.orders.order(order.id).payment.intentID)
            let intent = try await provider.retrieve(intent: id)
            #expect(intent.amountCaptured == 1999)
            #expect(IntentReference(intent)?.order == order.id)
            let event = PaymentEvent(id: "evt_1", kind: .succeeded, created: 0, object: .intent(intent))
            #expect(try await shop.market.orders.apply(event) == "settled")
            #expect(try await shop.send("XLEN", shop.key("ledger")).int == 1)
        }
    }

    @Test("A card without money is declined with the reason, then another one pays")
    func declineThenPay() async throws {
        try await withStub { shop, provider, user, product in
            let order = try await shop.checkout(
                [product], user: user, method: try await method("4000000000009995", provider))
            try await shop.withWorkers {
                let declined = try await shop.eventually(order.id) { $0.isDecided }
                #expect(declined.payment.decline?.code == "card_declined")
                #expect(declined.payment.decline?.declineCode == "insufficient_funds")
                _ = try await shop.market.orders.payAgain(
                    payment: order.payment.id, user: user,
                    paymentMethod: try await method("4242424242424242", provider), claim: nil)
                _ = try await shop.eventually(order.id) { $0.status == .paid }
            }
            #expect(try await shop.market.ledger.verify().ok)
        }
    }

    @Test("A card that asks for confirmation pays after it, or not", arguments: [Authentication.succeed, .fail])
    func challenge(_ answer: Authentication) async throws {
        try await withStub { shop, provider, user, product in
            let order = try await shop.checkout(
                [product], user: user, method: try await method("4000002500003155", provider))
            try await shop.withWorkers {
                let waiting = try await shop.eventually(order.id) { $0.isDecided }
                #expect(waiting.payment.status == .requiresAction)
                #expect(waiting.payment.nextAction?.url.isEmpty == false)
                _ = try await shop.market.orders.confirm(
                    payment: order.payment.id, user: user, authentication: answer, claim: nil)
                let decided = try await shop.eventually(order.id) { $0.isDecided }
                #expect(decided.status == (answer == .succeed ? .paid : .open))
                #expect((decided.payment.decline == nil) == (answer == .succeed))
            }
        }
    }

    @Test("A canceled order's intent is given up, and can't be paid any more")
    func canceled() async throws {
        try await withStub { shop, provider, user, product in
            let order = try await shop.checkout(
                [product], user: user, method: try await method("4000002500003155", provider))
            try await shop.withWorkers {
                _ = try await shop.eventually(order.id) { $0.isDecided }
                _ = try await shop.market.orders.cancel(payment: order.payment.id, user: user)
                let id = try #require(try await shop.market.orders.order(order.id).payment.intentID)
                try await eventually("the intent is canceled") {
                    try await provider.retrieve(intent: id).status == .canceled
                }
            }
        }
    }
}
