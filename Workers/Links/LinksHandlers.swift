public import JobQueue
public import Marketplace

/// The `links` queue: signs the download links of a fulfilled order and has them mailed; tells its sellers.
public enum LinksHandlers {
    /// Registers the jobs of the queue and the effects they stage.
    public static func register(into handlers: inout JobHandlers, marketplace: Marketplace) {
        for effect in Marketplace.commerceEffects {
            handlers.register(effect: effect)
        }
        handlers.register(IssueLinks.self) { job, context in
            try await issue(job, marketplace, context)
        }
    }

    private static func issue(
        _ job: IssueLinks, _ marketplace: Marketplace, _ context: JobContext
    ) async throws -> Completion {
        let order = try await marketplace.orders.order(job.order)
        guard order.status == .paid else { return .done }
        let entitlements = try await marketplace.downloads.entitlements(of: order)
        let issued = try marketplace.downloads.issue(for: entitlements)
        var mails = [try await ready(order, issued.links, marketplace).prepared(traceID: context.traceID)]
        var noted = [(job: mails[0].id, what: "order_ready to \(order.userID)")]
        for item in order.items {
            let seller = try await marketplace.accounts.user(id: item.sellerID)
            let notice = MailTemplate.saleNotice(number: String(order.number), title: item.title, price: item.price)
            mails.append(
                try SendMail(to: seller.email, name: seller.name, template: notice).prepared(
                    priority: .low, traceID: context.traceID))
            noted.append((job: mails[mails.count - 1].id, what: "sale_notice to \(item.sellerID)"))
        }
        return Completion(effects: [issued.effect, marketplace.orders.mailed(order.id, noted)], followUps: mails)
    }

    /// A message for a person, and a payload for a queue: the rest of a large order is in the library.
    private static let maximumLinks = 200

    private static func ready(
        _ order: Order, _ links: [(Entitlement, IssuedGrant)], _ marketplace: Marketplace
    ) async throws -> SendMail {
        let buyer = try await marketplace.accounts.user(id: order.userID)
        return SendMail(
            to: buyer.email, name: buyer.name,
            template: .orderReady(
                number: String(order.number), order: order.id, total: order.total,
                links: links.prefix(maximumLinks).map { entitlement, grant in
                    MailLink(
                        title: entitlement.product.title, filename: grant.file.filename, url: grant.url,
                        size: grant.file.size, sha256: grant.file.sha256, expiresAt: grant.expiresAt)
                }))
    }
}
