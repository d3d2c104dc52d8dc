import Foundation
import Payments

extension StubState {
    /// What a confirmation needs to know beside the intent.
    struct ConfirmationContext: Sendable {
        var now: Date
        /// Base URL of the challenge page.
        var publicURL: String
        /// Above zero: a payment that would succeed is `processing` for so long first.
        var processingMilliseconds: Int64
    }

    mutating func createMethod(_ card: Card, now: Date) throws(StubError) -> PaymentMethod {
        let accepted = try CardValidation(now: now).check(card)
        let method = PaymentMethod(
            id: StubID.make("pm"),
            brand: accepted.brand,
            last4: accepted.last4,
            expMonth: card.expMonth,
            expYear: card.expYear
        )
        put(StoredMethod(method: method, behaviour: accepted.behaviour))
        return method
    }

    mutating func createIntent(_ request: IntentRequest, now: Date) throws(StubError) -> StoredIntent {
        let amount = try request.validatedAmount()
        let metadata = try request.validatedMetadata()
        if let method = request.paymentMethod, methods[method] == nil {
            throw .missing("PaymentMethod", id: method, param: "payment_method", status: 400)
        }
        let id = StubID.make("pi")
        let stored = StoredIntent(
            intent: PaymentIntent(
                id: id,
                amount: amount.amount,
                currency: amount.currency,
                status: request.paymentMethod == nil ? .requiresPaymentMethod : .requiresConfirmation,
                captureMethod: request.captureMethod ?? .automatic,
                paymentMethod: request.paymentMethod,
                metadata: metadata,
                created: now.seconds
            ),
            clientSecret: StubID.make("\(id)_secret")
        )
        put(stored)
        return stored
    }

    func intent(_ id: String) throws(StubError) -> StoredIntent {
        guard let stored = intents[id] else { throw .missing("PaymentIntent", id: id, param: "intent") }
        return stored
    }

    /// Attempts the payment; a decline is stored and returned as the error to answer with.
    mutating func confirm(
        _ id: String,
        paymentMethod: String?,
        context: ConfirmationContext
    ) throws(StubError) -> Result<StoredIntent, StubError> {
        var stored = try intent(id)
        switch stored.intent.status {
        case .requiresPaymentMethod, .requiresConfirmation, .requiresAction: break
        case .processing, .requiresCapture, .canceled, .succeeded: throw .unexpectedState(stored.intent, "confirmed")
        }
        guard let methodID = paymentMethod ?? stored.intent.paymentMethod else {
            throw .invalid(
                "parameter_missing",
                param: "payment_method",
                "You cannot confirm this PaymentIntent because it's missing a payment method."
            )
        }
        guard let method = methods[methodID] else {
            throw .missing("PaymentMethod", id: methodID, param: "payment_method", status: 400)
        }

        stored.intent.paymentMethod = methodID
        stored.behaviour = method.behaviour
        if let decline = method.behaviour.decline {
            return .failure(refuse(&stored, decline, now: context.now))
        }
        if method.behaviour == .authenticate {
            if stored.intent.status != .requiresAction {
                let url = "\(context.publicURL)/challenge/\(id)?client_secret=\(stored.clientSecret)"
                stored.intent.status = .requiresAction
                stored.intent.nextAction = .init(type: "authenticate", url: url)
                stored.intent.lastError = nil
                put(stored)
                emit(.requiresAction, .intent(stored.intent), now: context.now)
            }
            return .success(stored)
        }
        accept(&stored, context: context)
        return .success(stored)
    }

    /// Takes the payer's answer to the challenge.
    mutating func authenticate(
        _ id: String,
        _ answer: Authentication,
        context: ConfirmationContext
    ) throws(StubError) -> Result<StoredIntent, StubError> {
        var stored = try intent(id)
        guard stored.intent.status == .requiresAction else { throw .unexpectedState(stored.intent, "authenticated") }
        switch answer {
        case .succeed:
            accept(&stored, context: context)
            return .success(stored)
        case .fail:
            return .failure(refuse(&stored, .authenticationFailed, now: context.now))
        }
    }

    mutating func capture(_ id: String, amount: Int64?, now: Date) throws(StubError) -> StoredIntent {
        var stored = try intent(id)
        guard stored.intent.status == .requiresCapture else { throw .unexpectedState(stored.intent, "captured") }
        let amount = amount ?? stored.intent.amountCapturable
        guard amount > 0, amount <= stored.intent.amountCapturable else {
            throw .invalid(
                "amount_too_large",
                param: "amount_to_capture",
                "The amount to capture must be between 1 and \(stored.intent.amountCapturable)."
            )
        }
        collect(&stored, amount: amount, now: now)
        return stored
    }

    mutating func cancel(_ id: String, now: Date) throws(StubError) -> StoredIntent {
        var stored = try intent(id)
        guard stored.intent.status != .succeeded, stored.intent.status != .canceled else {
            throw .unexpectedState(stored.intent, "canceled")
        }
        stored.intent.status = .canceled
        stored.intent.amountCapturable = 0
        stored.intent.nextAction = nil
        stored.settlesAt = nil
        put(stored)
        emit(.canceled, .intent(stored.intent), now: now)
        return stored
    }

    /// Decides a processing payment whose time has come; anything else is left alone.
    mutating func settle(_ id: String, now: Date) {
        guard var stored = intents[id], stored.intent.status == .processing, let due = stored.settlesAt,
            due <= now.milliseconds
        else { return }
        stored.settlesAt = nil
        authorize(&stored, now: now)
    }

    private mutating func accept(_ stored: inout StoredIntent, context: ConfirmationContext) {
        stored.intent.lastError = nil
        stored.intent.nextAction = nil
        guard context.processingMilliseconds > 0 else { return authorize(&stored, now: context.now) }
        stored.intent.status = .processing
        stored.settlesAt = context.now.milliseconds + context.processingMilliseconds
        put(stored)
    }

    private mutating func authorize(_ stored: inout StoredIntent, now: Date) {
        guard stored.intent.captureMethod == .manual else {
            return collect(&stored, amount: stored.intent.amount, now: now)
        }
        stored.intent.status = .requiresCapture
        stored.intent.amountCapturable = stored.intent.amount
        put(stored)
    }

    private mutating func collect(_ stored: inout StoredIntent, amount: Int64, now: Date) {
        stored.intent.status = .succeeded
        stored.intent.amountCapturable = 0
        stored.intent.amountCaptured = amount
        put(stored)
        emit(.succeeded, .intent(stored.intent), now: now)
        guard stored.behaviour == .dispute else { return }

        let dispute = PaymentDispute(
            id: StubID.make("dp"),
            intent: stored.intent.id,
            amount: amount,
            currency: stored.intent.currency,
            reason: "fraudulent",
            status: "needs_response",
            created: now.seconds
        )
        stored.intent.disputed = true
        put(stored)
        put(dispute)
        emit(.disputeCreated, .dispute(dispute), now: now)
    }

    private mutating func refuse(_ stored: inout StoredIntent, _ decline: PaymentDecline, now: Date) -> StubError {
        stored.intent.status = .requiresPaymentMethod
        stored.intent.paymentMethod = nil
        stored.intent.nextAction = nil
        stored.intent.lastError = decline
        put(stored)
        emit(.paymentFailed, .intent(stored.intent), now: now)
        return .declined(decline, intent: stored.intent)
    }
}
