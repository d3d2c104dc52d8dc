public import JobQueue
public import Marketplace

/// The `charges` queue: everything that talks to the payment provider.
public enum ChargesHandlers {
    /// Registers the jobs of the queue and the effects they stage.
    public static func register(into handlers: inout JobHandlers, marketplace: Marketplace) {
        for effect in Marketplace.commerceEffects {
            handlers.register(effect: effect)
        }
        handlers.register(ChargeOrder.self) { job, context in
            try await OrderCharge(marketplace: marketplace, job: job, context: context).run()
        }
        handlers.register(ExpireOrder.self) { job, context in
            try await OrderExpiry(marketplace: marketplace, context: context).run(job)
        }
        handlers.register(CancelIntent.self) { job, context in
            try await IntentCancellation(marketplace: marketplace).run(job)
        }
        handlers.register(RefundLatePayment.self) { job, context in
            try await LateRefund(marketplace: marketplace).run(job)
        }
    }
}
