import ArgumentParser
import JobQueue
import Marketplace

struct OrderTrace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "The whole story of one order in time: requests, payment, money, jobs, mails, downloads.",
        discussion: """
            The events of its jobs are kept for 30 days; its own steps as long as the order.
            A request's id is the one of the access log; a mail's is its Message-ID and its file in the Maildir.
            """)
    @Argument(help: "The order's id or number, or the id of its payment, of an entitlement or of a grant.")
    var order: String
    @Flag(help: "Leave the jobs out.") var noJobs = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.withQueue { _, queue in
            let stories = OrderStories(queue: queue)
            guard let id = try await stories.order(meaning: order), var story = try await stories.story(of: id) else {
                throw CommonOptions.refuse(
                    "there is no order '\(order)'; it can be an id (ord_…, pay_…, ent_…, grt_…) or a number")
            }
            if noJobs { story.events.removeAll { $0.source == .job } }
            guard !common.json else { return try common.printJSON(StoryView(story)) }
            write(story)
        }
    }

    private func write(_ story: OrderStory) {
        let order = story.order
        print("order     \(order.id), number \(order.number), of \(story.user)")
        print("state     \(order.status.rawValue), \(order.paymentStatus.rawValue), \(order.fulfilmentStatus.rawValue)")
        let intent = order.payment.intentID.map { ", " + $0 } ?? ""
        print(
            "total     \(order.total.formatted()); payment \(order.payment.id)\(intent), attempt \(order.payment.number)"
        )
        for item in order.items {
            print(
                "item      \(item.title), \(item.price.formatted())" + (item.entitlementID.map { ", " + $0 } ?? ""))
        }
        for job in story.jobs {
            let trouble = job.troubles.last.map { ": " + Show.line($0.message) } ?? ""
            let state = job.isCancelled ? "cancelled" : job.state.rawValue
            print("job       \(job.name) \(job.id) on \(job.queue) is \(state)\(trouble)")
        }
        print("")
        var table = Table(["TIME", "AFTER", "WHAT", "EVENT", "ABOUT", "DETAIL", "REQUEST"], left: ["AFTER", "DETAIL"])
        for event in story.events {
            let job = [event.type, event.queue.map { "on " + $0 }].compactMap { $0 }.joined(separator: " ")
            table.add([
                Show.time(event.at), "+" + Show.span(event.at - (story.events.first?.at ?? event.at)),
                event.source.rawValue, event.event, event.subject ?? "",
                [job, event.detail].filter { !$0.isEmpty }.joined(separator: ": "), event.request ?? "",
            ])
        }
        table.write()
    }
}

/// An order's story for programs: times in Unix milliseconds, and what has no value is left out.
private struct StoryView: Encodable {
    struct OrderView: Encodable {
        let id: String
        let object = "order"
        let number: Int
        let status: OrderStatus
        let paymentStatus: OrderPaymentStatus
        let fulfilmentStatus: FulfilmentStatus
        let items: [Item]
        let total: Money
        let payment: PaymentView
        let createdAt: Int64
        let paidAt: Int64?
        let fulfilledAt: Int64?
        let canceledAt: Int64?
        let expiresAt: Int64
        let revision: Int
    }

    struct Item: Encodable {
        let id: String
        let productId: String
        let title: String
        let slug: String
        let price: Money
        let entitlementId: String?
    }

    struct PaymentView: Encodable {
        let id: String
        let status: String
        let number: Int
        let amount: Money
        let decline: Payment.Decline?
        let nextAction: Payment.NextAction?
    }

    let order: OrderView
    let user: String
    let events: [OrderStory.Event]
    let jobs: [JobRecord]

    init(_ story: OrderStory) {
        let (order, payment) = (story.order, story.order.payment)
        self.order = OrderView(
            id: order.id, number: order.number, status: order.status, paymentStatus: order.paymentStatus,
            fulfilmentStatus: order.fulfilmentStatus,
            items: order.items.map {
                Item(
                    id: $0.id, productId: $0.productID, title: $0.title, slug: $0.slug, price: $0.price,
                    entitlementId: $0.entitlementID)
            }, total: order.total,
            payment: PaymentView(
                id: payment.id, status: payment.status.rawValue, number: payment.number, amount: payment.amount,
                decline: payment.decline, nextAction: payment.nextAction),
            createdAt: order.createdAt.milliseconds, paidAt: order.paidAt?.milliseconds,
            fulfilledAt: order.fulfilledAt?.milliseconds, canceledAt: order.canceledAt?.milliseconds,
            expiresAt: order.expiresAt.milliseconds, revision: order.revision)
        user = story.user
        events = story.events
        jobs = story.jobs
    }
}
