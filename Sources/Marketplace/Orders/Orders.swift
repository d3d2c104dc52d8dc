import JobQueue
import RedisClient

/// Checkout, orders and their payments.
///
/// Every transition is one script that checks the state it leaves (`Lua/order_lib.lua`), so the browser, the charge job
/// and the provider's webhook may all report the same thing, in any order and more than once.
public struct Orders: Sendable {
    let market: Marketplace

    static func script(_ name: String, _ body: [UInt8], _ more: [LuaFragment] = []) -> DomainScript {
        DomainScript(name: name, fragments: [CommerceFragments.orders] + more, body: body)
    }

    private static let checkout = script(
        "order_checkout", PackageResources.order_checkout_lua, [CommerceFragments.carts, CommerceFragments.idempotency])
    private static let get = script("order_get", PackageResources.order_get_lua)
    private static let list = script("order_list", PackageResources.order_list_lua)
    private static let sales = script("order_sales", PackageResources.order_sales_lua)

    /// Turns a cart into an order, and enqueues its charge in the same step; an order over nothing is paid at once.
    ///
    /// - Parameters:
    ///   - cart: The user's own or a guest's.
    ///   - user: Who buys.
    ///   - quote: What the cart said it costs (``Cart/quote``).
    ///   - paymentMethod: The provider's token of what is paid with; a card's number never comes this far.
    ///   - claim: The request's idempotency claim, which is pointed at the order in the same step.
    ///   - traceID: The request's id, for the jobs and the order's story.
    /// - Throws: ``MarketplaceError`` `not_found`, `cart_empty`, `cart_checked_out`, `quote_mismatch`,
    ///   `product_unavailable`, `already_owned`, `purchase_in_progress`, `currency_mismatch`,
    ///   `payment_method_required` or `request_in_flight`.
    public func checkout(
        cart: String, user: String, quote: String, paymentMethod: String?, claim: IdempotencyClaim?,
        traceID: String? = nil
    ) async throws -> Order {
        guard Identifier.isValid(cart, .cart) else { throw MarketplaceError.notFound() }
        let settings = market.configuration.commerce
        let order = market.newID(.order)
        let payment = market.newID(.payment)
        let jobs = [
            try ChargeOrder(order: order, payment: payment, number: 1).prepared(traceID: traceID, tag: order),
            try ExpireOrder(order: order).prepared(
                delay: settings.orderExpiry, traceID: traceID, tag: order),
            try FulfilOrder(order: order).prepared(traceID: traceID, tag: order),
        ]
        let arguments =
            [cart, user, quote, order, payment, paymentMethod ?? ""].map { RedisArgument($0) } + claim.arguments + [
                RedisArgument(settings.platformFeeBasisPoints), RedisArgument(settings.orderExpiry.milliseconds),
                RedisArgument(settings.downloadsPerFile), RedisArgument(traceID ?? ""),
            ]
        return try Order(reply: await market.transact(Self.checkout, arguments: arguments, jobs: jobs).first ?? .null)
    }

    /// A user's own order.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`, also for another user's.
    public func order(_ id: String, user: String) async throws -> Order {
        let order = try await order(id)
        guard order.userID == user else { throw MarketplaceError.notFound() }
        return order
    }

    /// Any order, for workers and operators.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`.
    public func order(_ id: String) async throws -> Order {
        guard Identifier.isValid(id, .order) else { throw MarketplaceError.notFound() }
        let values = try await market.transact(Self.get, arguments: [RedisArgument(id)])
        return try Order(reply: values.first?[0] ?? .null)
    }

    /// A user's orders, newest first.
    ///
    /// - Throws: ``MarketplaceError`` `cursor_invalid` or `limit_invalid`.
    public func list(user: String, cursor: String?, limit: Int) async throws -> Page<Order> {
        let page = try await page(
            Self.list, market.keys.orders(user: user), "orders", cursor, limit, [RedisArgument("order")])
        return Page(try page.records.map { try Order(reply: $0) }, members: page.members, limit: limit, tag: "orders")
    }

    /// What a seller sold, newest order first.
    ///
    /// - Throws: ``MarketplaceError`` `cursor_invalid` or `limit_invalid`.
    public func sales(seller: String, cursor: String?, limit: Int) async throws -> Page<Sale> {
        let page = try await page(Self.sales, market.keys.sales(seller: seller), "sales", cursor, limit, [])
        return Page(try page.records.map { try Sale(record: $0) }, members: page.members, limit: limit, tag: "sales")
    }

    private func page(
        _ script: DomainScript, _ key: String, _ tag: String, _ cursor: String?, _ limit: Int, _ more: [RedisArgument]
    ) async throws -> (members: [String], records: [RESPValue]) {
        try await market.memberPage(script, key: key, tag: tag, cursor: cursor, limit: limit, arguments: more)
    }
}

extension Marketplace {
    /// Reads one more than a page of a set that is sorted by its members; the scripts answer `ok(members, records)`.
    func memberPage(
        _ script: DomainScript, key: String, tag: String, cursor: String?, limit: Int, arguments: [RedisArgument] = []
    ) async throws -> (members: [String], records: [RESPValue]) {
        try Marketplace.checkLimit(limit)
        let after = try cursor.map { try MemberCursor($0, tag: tag).member } ?? ""
        let values = try await transact(
            script, keys: [key],
            arguments: [RedisArgument(after), RedisArgument(limit + 1)] + arguments)
        guard values.count == 2, let members = values[0].array, let records = values[1].array,
            members.count == records.count
        else {
            throw ScriptReplyError(script: script.name, reply: "\(values)")
        }
        return (members.map { $0.string ?? "" }, records)
    }
}
