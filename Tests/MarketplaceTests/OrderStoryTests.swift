import Foundation
import JobQueue
@testable import Marketplace
import ObjectStore
import Payments
import RedisClient
import TestSupport
import Testing

@Suite("The story of an order")
struct OrderStoryTests {
    private func story(_ shop: Shop, _ order: String) async throws -> OrderStory {
        try #require(try await OrderStories(queue: shop.market.queue).story(of: order))
    }

    /// What happened besides the jobs, as `source event`.
    private func steps(_ story: OrderStory) -> [String] {
        story.events.filter { $0.source != .job }.map { "\($0.source.rawValue) \($0.event)" }
    }

    @Test("a purchase is told from its request to its last download, with the jobs between")
    func purchase() async throws {
        try await withShop { shop in
            let (seller, user) = (try await shop.addUser(), try await shop.addUser())
            let product = try await shop.addProduct(seller: seller, price: 900)
            let cart = try await shop.cart([product])
            try await shop.withWorkers {
                let order = try await shop.market.orders.checkout(
                    cart: cart.id, user: user, quote: cart.quote, paymentMethod: "pm_ok", claim: nil,
                    traceID: "req_checkout")
                _ = try await shop.eventually(order.id) { $0.fulfilmentStatus == .fulfilled }
                try await eventually("both mails") { shop.outbox.mails.count == 2 }
                try await eventually("the mails' jobs have ended") { try await shop.jobs(on: "mail") == 0 }
                let right = try #require(
                    try await shop.market.downloads.entitlements(of: shop.market.orders.order(order.id)).first)
                let grant = try await shop.market.downloads.grant(
                    entitlement: right.id, file: right.files[0].id, user: user, traceID: "req_grant")
                let ticket = try await shop.market.downloads.spend(token: grant.token, traceID: "req_download")
                try await shop.market.downloads.log(
                    ticket, bytesSent: 7, completed: true, address: "192.0.2.7", userAgent: nil,
                    traceID: "req_download")

                let story = try await story(shop, order.id)
                #expect(
                    steps(story) == [
                        "request created", "payment intent", "payment paid", "money sale", "order fulfilled",
                        "mail mail", "mail mail", "download granted", "download granted", "download downloaded",
                        "download sent",
                    ])
                #expect(story.events.map(\.at) == story.events.map(\.at).sorted())
                #expect(story.events.first { $0.event == "created" }?.request == "req_checkout")
                let downloads = story.events.filter { $0.source == .download }.dropFirst()
                #expect(downloads.map(\.request) == ["req_grant", "req_download", "req_download"])
                #expect(downloads.allSatisfy { $0.subject == grant.grantID && $0.detail.hasSuffix(right.id) })
                #expect(downloads.last?.detail.hasPrefix("7 bytes to 192.0.2.0/24") == true)
                let sale = try #require(story.events.first { $0.source == .money })
                #expect(
                    sale.detail
                        == "provider 9.00 USD; seller:\(seller) -8.10 USD; platform:fees -0.90 USD")
                let mails = story.events.filter { $0.source == .mail }
                #expect(mails.map(\.detail) == ["order_ready to \(user)", "sale_notice to \(seller)"])

                let jobs = Dictionary(grouping: story.events.filter { $0.source == .job }) { $0.type ?? "" }
                for name in ["charge-order", "fulfil-order", "issue-links"] {
                    #expect(jobs[name]?.map(\.event) == ["enqueued", "started", "completed"], "\(name)")
                }
                #expect(Set(jobs["send-mail"]?.map(\.subject) ?? []) == Set(mails.map(\.subject)))
                #expect(story.jobs.map(\.name) == ["expire-order"])
                #expect(story.jobs.first?.state == .scheduled)
            }
        }
    }

    @Test("declines, the bank's challenge, another attempt and a cancel are told with their requests")
    func attempts() async throws {
        try await withShop { shop in
            let product = try await shop.addProduct(seller: try await shop.addUser(), price: 900)
            let user = try await shop.addUser()
            let order = try await shop.checkout([product], user: user)
            try await shop.market.orders.apply(shop.event(.requiresAction, order), traceID: "req_hook")
            _ = try await shop.market.orders.confirm(
                payment: order.payment.id, user: user, authentication: .fail, claim: nil, traceID: "req_answer")
            try await shop.market.orders.apply(shop.event(.paymentFailed, order))
            try await shop.market.orders.apply(shop.event(.paymentFailed, order))
            _ = try await shop.market.orders.payAgain(
                payment: order.payment.id, user: user, paymentMethod: "pm_ok", claim: nil, traceID: "req_again")
            try await shop.market.orders.apply(shop.event(.paymentFailed, order, number: 2))
            _ = try await shop.market.orders.cancel(payment: order.payment.id, user: user, traceID: "req_cancel")
            try await shop.market.orders.apply(shop.event(.succeeded, order, number: 2))
            let story = try await story(shop, order.id)
            #expect(
                steps(story) == [
                    "request created", "payment challenged", "request answered", "payment declined", "payment event",
                    "request paid_again", "payment declined", "request canceled", "payment late_payment", "money late",
                ])
            #expect(
                story.events.filter { $0.source == .request }.compactMap(\.request) == [
                    "req_answer", "req_again", "req_cancel",
                ])
            #expect(story.events.first { $0.event == "challenged" }?.request == "req_hook")
            let repeated = try #require(story.events.first { $0.event == "event" })
            #expect(repeated.detail.hasSuffix("(failed) changed nothing"))
            let late = try #require(story.events.first { $0.event == "late_payment" })
            #expect(late.subject == story.events.first { $0.event == "late" }?.subject)
            #expect(Set(story.jobs.map(\.name)) == ["charge-order", "expire-order", "refund-late-payment"])
        }
    }

    @Test("an order from before its steps were kept still tells its times, and a line of another form is left out")
    func old() async throws {
        try await withShop { shop in
            let product = try await shop.addProduct(seller: try await shop.addUser(), price: 900)
            let order = try await shop.purchase([product], user: try await shop.addUser())
            _ = try await shop.send("DEL", shop.key("ord:\(order.id):log"))
            _ = try await shop.send("RPUSH", shop.key("ord:\(order.id):log"), #"["1","x"]"#)
            #expect(steps(try await story(shop, order.id)) == ["request created", "payment paid", "money sale"])
        }
    }

    @Test("steps are bounded: the latest 200 of an order, 50 of an entitlement")
    func bounded() async throws {
        try await withShop { shop in
            let product = try await shop.addProduct(seller: try await shop.addUser(), price: 900)
            let user = try await shop.addUser()
            let order = try await shop.purchase([product], user: user)
            let right = try #require(try await shop.market.downloads.entitlements(of: order).first)
            for _ in 0..<60 {
                _ = try await shop.market.downloads.grant(entitlement: right.id, file: right.files[0].id, user: user)
            }
            let log = shop.key("ord:\(order.id):log")
            for _ in 0..<250 { _ = try await shop.send("RPUSH", log, #"["1","event","","",""]"#) }
            try await shop.market.orders.apply(shop.event(.succeeded, order, intent: "pi_second"), traceID: "req_late")
            #expect(try await shop.send("LLEN", log).int == 200)
            // A full list hides nothing of what an event did.
            try await shop.market.orders.apply(shop.event(.succeeded, order, intent: "pi_third"), traceID: "req_third")
            let story = try await story(shop, order.id)
            #expect(story.events.filter { $0.event == "late_payment" }.map(\.request) == ["req_late", "req_third"])
            #expect(story.events.filter { $0.detail.hasSuffix("changed nothing") }.isEmpty)
            #expect(story.events.filter { $0.event == "granted" }.count == 50)
            #expect(steps(story).contains("request created"))
        }
    }

    @Test("what changed nothing pushes nothing out: the payment survives redeliveries of one event and of many")
    func redeliveries() async throws {
        try await withShop { shop in
            let product = try await shop.addProduct(seller: try await shop.addUser(), price: 900)
            let order = try await shop.checkout([product], user: try await shop.addUser())
            let paid = shop.event(.succeeded, order)
            try await shop.market.orders.apply(paid, traceID: "req_paid")
            for _ in 0..<300 { try await shop.market.orders.apply(paid) }
            let repeated = try await story(shop, order.id)
            // Sorted by name: some happen in the same millisecond.
            #expect(steps(repeated).sorted() == ["money sale", "payment event", "payment paid", "request created"])
            for _ in 0..<300 { try await shop.market.orders.apply(shop.event(.paymentFailed, order)) }
            let many = try await story(shop, order.id)
            #expect(many.events.first { $0.event == "paid" }?.request == "req_paid")
            #expect(many.events.filter { $0.event == "event" }.count == 148)
        }
    }

    @Test("an order is found by its number and by the ids of what belongs to it, and nothing else is")
    func finding() async throws {
        try await withShop { shop in
            let seller = try await shop.addUser()
            let user = try await shop.addUser()
            var orders: [Order] = []
            for _ in 0..<3 {
                orders.append(
                    try await shop.purchase([try await shop.addProduct(seller: seller, price: 5)], user: user))
            }
            let stories = OrderStories(queue: shop.market.queue)
            for order in orders {
                let right = try #require(order.items[0].entitlementID)
                let file = try await shop.market.downloads.entitlement(right, user: user).files[0].id
                let grant = try await shop.market.downloads.grant(entitlement: right, file: file, user: user)
                for text in [order.id, "\(order.number)", order.payment.id, right, grant.grantID] {
                    #expect(try await stories.order(meaning: text) == order.id, "\(text)")
                }
            }
            for text in ["", "1", "1004", "99999999999999999999", "ord_", "pay_x", "ent_x", "grt_x", "1001.0", "-1"] {
                #expect(try await stories.order(meaning: text) == nil, "\(text)")
            }
            #expect(try await stories.story(of: "ord_x") == nil)
        }
    }
}
