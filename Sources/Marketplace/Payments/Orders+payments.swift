import JobQueue
public import Payments
import RedisClient

extension Orders {
    private static let owner = script("pay_owner", PackageResources.pay_owner_lua)
    private static let answer = script(
        "pay_answer", PackageResources.pay_answer_lua, [CommerceFragments.idempotency])
    private static let again = script("pay_again", PackageResources.pay_again_lua, [CommerceFragments.idempotency])
    private static let cancel = script("pay_cancel", PackageResources.pay_cancel_lua)

    /// The order that a payment of the user's pays.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`.
    public func payment(_ id: String, user: String) async throws -> Order {
        try await run(Self.owner, [try checked(id), RedisArgument(user)])
    }

    /// Passes on the buyer's answer to the bank's challenge; the charge job carries it out.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`, `payment_not_awaiting_action` or `request_in_flight`.
    public func confirm(
        payment: String, user: String, authentication: Authentication, claim: IdempotencyClaim?, traceID: String? = nil
    ) async throws -> Order {
        let order = try await self.payment(payment, user: user)
        let job = try ChargeOrder(
            order: order.id, payment: payment, number: order.payment.number, authentication: authentication
        ).prepared(traceID: traceID, tag: order.id)
        let arguments =
            [payment, user, authentication.rawValue].map { RedisArgument($0) } + claim.arguments
            + [RedisArgument(job.id.rawValue), RedisArgument(traceID ?? "")]
        return try await run(Self.answer, arguments, [job])
    }

    /// Pays again with another payment method after a final decline, as the payment's next number.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`, `payment_not_payable`, `product_unavailable` (its seller is
    ///   suspended), `already_owned`, `purchase_in_progress` or `request_in_flight`.
    public func payAgain(
        payment: String, user: String, paymentMethod: String, claim: IdempotencyClaim?, traceID: String? = nil
    ) async throws -> Order {
        let order = try await self.payment(payment, user: user)
        let number = order.payment.number + 1
        let job = try ChargeOrder(order: order.id, payment: payment, number: number)
            .prepared(traceID: traceID, tag: order.id)
        let arguments =
            [payment, user, paymentMethod].map { RedisArgument($0) } + claim.arguments
            + [RedisArgument(job.id.rawValue), RedisArgument(number), RedisArgument(traceID ?? "")]
        return try await run(Self.again, arguments, [job])
    }

    /// Gives an unpaid order up.
    ///
    /// One that is canceled already stays so.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`, `payment_in_progress` or `payment_not_cancelable`.
    public func cancel(payment: String, user: String, traceID: String? = nil) async throws -> Order {
        let order = try await self.payment(payment, user: user)
        return try await run(
            Self.cancel, [RedisArgument(payment), RedisArgument(user), RedisArgument(traceID ?? "")],
            [try CancelIntent(payment: payment).prepared(traceID: traceID, tag: order.id)])
    }

    private func run(
        _ script: DomainScript, _ arguments: [RedisArgument], _ jobs: [PreparedJob] = []
    ) async throws -> Order {
        try Order(reply: await market.transact(script, arguments: arguments, jobs: jobs).first ?? .null)
    }

    private func checked(_ id: String) throws -> RedisArgument {
        guard Identifier.isValid(id, .payment) else { throw MarketplaceError.notFound() }
        return RedisArgument(id)
    }
}
