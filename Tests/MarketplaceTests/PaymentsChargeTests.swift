@testable import Charges
import Foundation
import JobQueue
@testable import Marketplace
import ObjectStore
import RedisClient
import Payments
import TestSupport
import Testing

@Suite("Charges", .timeLimit(.minutes(2)))
struct PaymentsChargeTests {
    /// A buyer, a seller and one product for 10.00.
    private func withSale(
        _ body: (Shop, _ user: String, _ product: String) async throws -> Void
    ) async throws {
        try await withShop { shop in
            let product = try await shop.addProduct(seller: try await shop.addUser(), price: 1000, files: 2)
            try await body(shop, try await shop.addUser(), product)
        }
    }

    @Test("A good card leads to a fulfilled order, the mail with its links, and a notice to the seller")
    func toTheEnd() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.checkout([product], user: user)
            try await shop.withWorkers {
                let done = try await shop.eventually(order.id) { $0.fulfilmentStatus == .fulfilled }
                #expect(done.status == .paid)
                #expect(done.paymentStatus == .paid)
                #expect(done.payment.status == .succeeded)
                #expect(done.isFinal)
                try await eventually("both mails") { shop.outbox.mails.count == 2 }
            }
            #expect(shop.provider.charges.count == 1)
            var links: [MailLink] = []
            var notices = 0
            for mail in shop.outbox.mails {
                switch mail.template {
                case .orderReady(let number, let id, let total, let sent):
                    #expect(number == String(order.number))
                    #expect(id == order.id)
                    #expect(total.amount == 1000)
                    links = sent
                case .saleNotice: notices += 1
                default: Issue.record("\(mail.template)")
                }
            }
            #expect(notices == 1)
            #expect(links.count == 2)
            for link in links {
                let token = try #require(link.url.split(separator: "/d/").last.map(String.init))
                let ticket = try await shop.market.downloads.spend(token: token)
                #expect(ticket.file.sha256 == link.sha256)
                let object = try await shop.market.objects.head(bucket: ticket.bucket, key: ticket.objectKey)
                #expect(object.sha256 == link.sha256)
            }
            #expect(try await shop.send("HGET", shop.key("prd:" + product), "sales").int == 1)
            #expect(try await shop.market.ledger.verify().ok)
        }
    }

    @Test("A declined card leaves the order open and nothing owned; paying again is a new number and settles once")
    func declineThenPay() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.checkout([product], user: user, method: "pm_declined")
            try await shop.withWorkers(["charges"]) {
                let declined = try await shop.eventually(order.id) { $0.isDecided }
                #expect(declined.status == .open)
                #expect(declined.paymentStatus == .failed)
                #expect(declined.payment.status == .requiresPaymentMethod)
                #expect(declined.payment.decline?.code == "card_declined")
                #expect(declined.payment.decline?.declineCode == "insufficient_funds")
                #expect(try await shop.market.downloads.library(user: user, cursor: nil, limit: 10).data.isEmpty)
                #expect(try await shop.send("XLEN", shop.key("ledger")).int == 0)

                let retried = try await shop.market.orders.payAgain(
                    payment: order.payment.id, user: user, paymentMethod: "pm_ok", claim: nil)
                #expect(retried.payment.number == 2)
                #expect(retried.payment.decline == nil)
                let paid = try await shop.eventually(order.id) { $0.isDecided }
                #expect(paid.status == .paid)
            }
            #expect(shop.provider.charges.count == 1)
            #expect(
                await refusal {
                    _ = try await shop.market.orders.payAgain(
                        payment: order.payment.id, user: user, paymentMethod: "pm_ok", claim: nil)
                } == "payment_not_payable")
            // The decline's webhook arrives last: it is about number 1, and nobody cares.
            let late = try await shop.market.orders.apply(shop.event(.paymentFailed, order, number: 1))
            #expect(late == "ignored")
            #expect(try await shop.market.ledger.verify().ok)
        }
    }

    @Test(
        "A card that asks for confirmation waits for the buyer, and his answer decides",
        arguments: [Authentication.succeed, .fail])
    func challenge(_ answer: Authentication) async throws {
        try await withSale { shop, user, product in
            let order = try await shop.checkout([product], user: user, method: "pm_challenge")
            try await shop.withWorkers(["charges"]) {
                let waiting = try await shop.eventually(order.id) { $0.isDecided }
                #expect(waiting.status == .open)
                #expect(waiting.payment.status == .requiresAction)
                #expect(waiting.payment.nextAction?.type == "authenticate")
                let answered = try await shop.market.orders.confirm(
                    payment: order.payment.id, user: user, authentication: answer, claim: nil)
                #expect(answered.payment.nextAction == nil)
                // An old webhook must not put the question again.
                let stale = try await shop.market.orders.apply(shop.event(.requiresAction, order))
                #expect(stale == "ignored")
                let decided = try await shop.eventually(order.id) { $0.isDecided }
                #expect(decided.status == (answer == .succeed ? .paid : .open))
                #expect(decided.payment.status == (answer == .succeed ? .succeeded : .requiresPaymentMethod))
                #expect((decided.payment.decline == nil) == (answer == .succeed))
            }
            #expect(shop.provider.charges.count == (answer == .succeed ? 1 : 0))
            #expect(
                await refusal {
                    _ = try await shop.market.orders.confirm(
                        payment: order.payment.id, user: user, authentication: .succeed, claim: nil)
                } == "payment_not_awaiting_action")
        }
    }

    @Test("A charge job that crashed after the provider collected, before its completion, charges once")
    func crash() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.checkout([product], user: user)
            let job = ChargeOrder(order: order.id, payment: order.payment.id, number: 1)
            let context = JobContext(queue: "charges", name: ChargeOrder.name, logger: .quiet)
            // Runs to its end, and its completion is lost.
            _ = try await OrderCharge(marketplace: shop.market, job: job, context: context).run()
            #expect(shop.provider.charges.count == 1)
            #expect(try await shop.market.orders.order(order.id).status == .processing)
            try await shop.withWorkers(["charges"]) {
                _ = try await shop.eventually(order.id) { $0.status == .paid }
            }
            #expect(shop.provider.charges.count == 1)
            #expect(shop.provider.calls == ["create", "confirm", "retrieve"])
            #expect(try await shop.send("XLEN", shop.key("ledger")).int == 1)
        }
    }

    @Test(
        "Answers that get lost and services that are away are asked again, and charge once",
        arguments: ["create", "confirm", "retrieve"])
    func lostAnswers(_ operation: String) async throws {
        try await withSale { shop, user, product in
            shop.provider.inject(operation, .unavailable, .answerLost)
            if operation == "retrieve" { shop.provider.inject("confirm", .answerLost) }
            let order = try await shop.checkout([product], user: user)
            try await shop.withWorkers(["charges"]) {
                _ = try await shop.eventually(order.id) { $0.status == .paid }
            }
            #expect(shop.provider.charges.count == 1)
            #expect(try await shop.market.ledger.verify().ok)
        }
    }

    @Test("Webhook and charge job at once settle once: one entry, one set of rights, one fulfilment job")
    func race() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.checkout([product], user: user)
            shop.provider.afterSuccess { intent in
                let event = PaymentEvent(id: "evt_1", kind: .succeeded, created: 0, object: .intent(intent))
                // Delivered many times, while the job still waits for its answer.
                try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<10 { group.addTask { try await shop.market.orders.apply(event) } }
                    for try await outcome in group { #expect(outcome == "settled") }
                }
            }
            try await shop.withWorkers(["charges"]) {
                _ = try await shop.eventually(order.id) { $0.status == .paid }
                // The job's own completion comes after: only the expiry is left then.
                try await eventually("the job's end") { try await shop.jobs(on: "charges") == 1 }
            }
            #expect(shop.provider.charges.count == 1)
            #expect(try await shop.send("XLEN", shop.key("ledger")).int == 1)
            #expect(try await shop.jobs(on: "fulfilment") == 1)
            #expect(try await shop.market.downloads.library(user: user, cursor: nil, limit: 10).data.count == 1)
            #expect(try await shop.send("HGET", shop.key("prd:" + product), "sales").int == 1)
            #expect(try await shop.market.ledger.verify().ok)
        }
    }

    @Test("A webhook that is faster than the job leaves it nothing to do")
    func webhookFirst() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.purchase([product], user: user)
            #expect(order.status == .paid)
            try await shop.withWorkers(["charges"]) {
                try await eventually("the job's end") { try await shop.jobs(on: "charges") == 1 }
            }
            #expect(shop.provider.calls.isEmpty)
        }
    }

    @Test("A provider that decides later is asked again, and its webhook settles meanwhile")
    func slow() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.checkout([product], user: user, method: "pm_slow")
            try await shop.withWorkers(["charges"]) {
                try await eventually("the intent is recorded and asked for again later") {
                    let known = try await shop.market.orders.order(order.id).payment.intentID != nil
                    let due = try await shop.send("ZCARD", shop.key("q:charges:due")).int
                    return known && due == 2
                }
            }
            let processing = try await shop.market.orders.order(order.id)
            #expect(processing.status == .processing)
            #expect(
                await refusal { _ = try await shop.market.orders.cancel(payment: order.payment.id, user: user) }
                    == "payment_in_progress")
            let id = try #require(processing.payment.intentID)
            shop.provider.decide(id)
            let intent = try #require(shop.provider.intent(id))
            try await shop.market.orders.apply(
                PaymentEvent(id: "evt_1", kind: .succeeded, created: 0, object: .intent(intent)))
            #expect(try await shop.market.orders.order(order.id).status == .paid)
        }
    }

    @Test("Money that comes after a cancel is booked as owed, goes back by itself, once, and buys nothing")
    func lateSuccess() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.checkout([product], user: user, method: "pm_declined")
            try await shop.withWorkers(["charges"]) {
                _ = try await shop.eventually(order.id) { $0.isDecided }
                let canceled = try await shop.market.orders.cancel(payment: order.payment.id, user: user)
                #expect(canceled.status == .canceled)
                #expect(try await shop.market.orders.cancel(payment: order.payment.id, user: user).status == .canceled)
                let event = shop.event(.succeeded, order, intent: "pi_late")
                #expect(try await shop.market.orders.apply(event) == "late")
                #expect(try await shop.market.orders.apply(event) == "late")
                try await eventually("the refund is booked") {
                    try await shop.send("HGET", shop.key("pay:" + order.payment.id), "late:pi_late").string
                        == "refunded"
                }
            }
            let after = try await shop.market.orders.order(order.id)
            #expect(after.status == .canceled)
            #expect(after.payment.status == .lateSuccess)
            #expect(shop.provider.refunds.map(\.amount) == [1000])
            #expect(try await shop.market.downloads.library(user: user, cursor: nil, limit: 10).data.isEmpty)
            let report = try await shop.market.ledger.verify()
            #expect(report.ok)
            #expect(report.transactions == 2)
            #expect(report.currencies.first?.received == 0)
            #expect(report.currencies.first?.refundsDue == 0)
            let totals = try await shop.market.totals()
            let money = [Money(amount: 1000, currency: order.total.currency)]
            #expect(totals.captured == money && totals.refunded == money && totals.fees.isEmpty)
            #expect(totals.orders["canceled"] == 1 && totals.orders["paid"] == 0)
            #expect(totals.ledgerProblems == 0 && totals.ledgerVerifiedAt != nil)
        }
    }

    @Test("A second success for a paid order, or one over another amount, is money to give back")
    func surplus() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.purchase([product], user: user)
            #expect(try await shop.market.orders.apply(shop.event(.succeeded, order, intent: "pi_second")) == "late")
            #expect(try await shop.market.orders.order(order.id).status == .paid)
            let other = try await shop.addProduct(seller: try await shop.addUser(), price: 500)
            let small = try await shop.checkout([other], user: user)
            #expect(try await shop.market.orders.apply(shop.event(.succeeded, small, amount: 499)) == "late")
            #expect(try await shop.market.orders.order(small.id).status == .processing)
            let report = try await shop.market.ledger.verify()
            #expect(report.ok)
            #expect(report.currencies.first?.refundsDue == 1499)
        }
    }

    @Test("An order that nobody pays expires, and its intent is given up at the provider")
    func expiry() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.checkout([product], user: user, method: "pm_challenge")
            try await shop.withWorkers(["charges"]) {
                _ = try await shop.eventually(order.id) { $0.payment.status == .requiresAction }
                try await shop.makeDelayedJobsDue(on: "charges")
                let expired = try await shop.eventually(order.id) { $0.status == .expired }
                #expect(expired.payment.status == .canceled)
                #expect(expired.canceledAt != nil)
            }
            let intent = try #require(try await shop.market.orders.order(order.id).payment.intentID)
            #expect(shop.provider.intent(intent)?.status == .canceled)
            #expect(
                await refusal {
                    _ = try await shop.market.orders.confirm(
                        payment: order.payment.id, user: user, authentication: .succeed, claim: nil)
                } == "payment_not_awaiting_action")
        }
    }

    @Test("An expiry that finds the money collected settles the order")
    func expiryFindsMoney() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.checkout([product], user: user)
            // The charge collected, and its job never ended.
            let job = ChargeOrder(order: order.id, payment: order.payment.id, number: 1)
            let context = JobContext(queue: "charges", name: ChargeOrder.name, logger: .quiet)
            _ = try await OrderCharge(marketplace: shop.market, job: job, context: context).run()
            let expiry = OrderExpiry(marketplace: shop.market, context: context)
            let completion = try await expiry.run(ExpireOrder(order: order.id))
            #expect(completion.effects.count == 1)
            try await shop.makeDelayedJobsDue(on: "charges")
            try await shop.withWorkers(["charges"]) {
                _ = try await shop.eventually(order.id) { $0.status == .paid }
                try await eventually("the expiry's end") { try await shop.jobs(on: "charges") == 0 }
            }
            #expect(try await shop.market.orders.order(order.id).status == .paid)
            #expect(shop.provider.charges.count == 1)
        }
    }

    @Test("A job for an attempt that is not being made any more does not confirm it")
    func staleJob() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.checkout([product], user: user)
            let job = ChargeOrder(order: order.id, payment: order.payment.id, number: 1)
            try await shop.market.orders.apply(shop.event(.paymentFailed, order))
            let context = JobContext(queue: "charges", name: ChargeOrder.name, logger: .quiet)
            let completion = try await OrderCharge(marketplace: shop.market, job: job, context: context).run()
            #expect(completion.effects.isEmpty)
            #expect(try await shop.market.orders.recordIntent("pi_x", of: job) == false)
            #expect(shop.provider.calls.isEmpty)
        }
    }

    @Test("A file that is missing holds the fulfilment back until it is there")
    func missingFile() async throws {
        try await withSale { shop, user, product in
            let order = try await shop.purchase([product], user: user)
            let entitlement = try #require(try await shop.market.downloads.entitlements(of: order).first)
            let file = try #require(entitlement.files.first)
            let object = shop.market.downloads.object(file, of: entitlement)
            let content = try await shop.market.objects.get(bucket: object.bucket, key: object.key)
                .collect(upTo: 1 << 20)
            _ = try await shop.market.objects.delete(bucket: object.bucket, key: object.key)
            try await shop.withWorkers(["fulfilment", "links"]) {
                try await eventually("a failed attempt") {
                    try await shop.send("HLEN", shop.key("q:fulfilment:hist")).int == 1
                }
                #expect(try await shop.market.orders.order(order.id).fulfilmentStatus == .unfulfilled)
                _ = try await shop.market.objects.put(
                    bucket: object.bucket, key: object.key, bytes: content, options: .init())
                _ = try await shop.eventually(order.id) { $0.fulfilmentStatus == .fulfilled }
            }
        }
    }
}
