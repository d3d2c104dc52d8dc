import HTTPTypes
import Hummingbird
import Marketplace
import Payments

/// Checkout and what a buyer does about a payment.
struct CheckoutController {
    let environment: APIEnvironment

    private var marketplace: Marketplace { environment.marketplace }

    func add(to v1: RouterGroup<APIContext>) {
        let group = v1.group().add(middleware: environment.authentication(.session))
        group.post("carts/{id}/checkout", use: checkout)
        group.post("payment-intents/{id}/confirm", use: confirm)
        group.post("payment-intents/{id}/cancel", use: cancel)
    }

    @Sendable private func checkout(_ request: Request, _ context: APIContext) async throws -> Response {
        let cart = try context.parameter("id")
        let body = try await environment.json(CheckoutRequest.self, request, context)
        let choice = try PaymentChoice(card: body.card, method: body.paymentMethod)
        let movement = MoneyMovement(
            environment: environment, request: request, context: context, route: "POST /v1/carts/{id}/checkout")
        return try await movement.run(fingerprint: [body.quote, choice.fingerprint]) { user, claim in
            let method = try await choice.resolve(marketplace.payments)
            return try await marketplace.orders.checkout(
                cart: cart, user: user, quote: body.quote, paymentMethod: method, claim: claim,
                traceID: context.requestID)
        }
    }

    @Sendable private func confirm(_ request: Request, _ context: APIContext) async throws -> Response {
        let payment = try context.parameter("id")
        let body = try await environment.json(ConfirmationRequest.self, request, context)
        let choice = try PaymentChoice(card: body.card, method: body.paymentMethod)
        let pays = choice.card != nil || choice.method != nil
        guard pays != (body.authentication != nil) else {
            throw Problem.invalid("", "one_of", "Give authentication, card or payment_method: exactly one.")
        }
        let answer = try body.authentication.map(Self.authentication)
        let movement = MoneyMovement(
            environment: environment, request: request, context: context,
            route: "POST /v1/payment-intents/{id}/confirm")
        let fingerprint = [body.authentication ?? "", choice.fingerprint]
        return try await movement.run(fingerprint: fingerprint) { user, claim in
            if let answer {
                return try await marketplace.orders.confirm(
                    payment: payment, user: user, authentication: answer, claim: claim, traceID: context.requestID)
            }
            // Whose payment it is comes before the card is given to the provider.
            _ = try await marketplace.orders.payment(payment, user: user)
            guard let method = try await choice.resolve(marketplace.payments) else { throw Problem.notFound }
            return try await marketplace.orders.payAgain(
                payment: payment, user: user, paymentMethod: method, claim: claim, traceID: context.requestID)
        }
    }

    @Sendable private func cancel(_ request: Request, _ context: APIContext) async throws -> Response {
        try .json(
            try await marketplace.orders.cancel(
                payment: context.parameter("id"), user: context.user().id, traceID: context.requestID))
    }

    private static func authentication(_ text: String) throws(Problem) -> Authentication {
        switch text {
        case "succeed": return .succeed
        case "fail": return .fail
        default: throw Problem.invalid("/authentication", "unknown_value", "succeed or fail.")
        }
    }
}
