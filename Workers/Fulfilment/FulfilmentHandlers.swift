public import JobQueue
import Logging
public import Marketplace
import ObjectStore

/// The `fulfilment` queue: makes sure that what was bought is there, and releases it.
public enum FulfilmentHandlers {
    /// Registers the jobs of the queue and the effects they stage.
    public static func register(into handlers: inout JobHandlers, marketplace: Marketplace) {
        for effect in Marketplace.commerceEffects {
            handlers.register(effect: effect)
        }
        handlers.register(FulfilOrder.self) { job, context in
            try await fulfil(job, marketplace, context)
        }
    }

    private static func fulfil(
        _ job: FulfilOrder, _ marketplace: Marketplace, _ context: JobContext
    ) async throws -> Completion {
        let order = try await marketplace.orders.order(job.order)
        guard order.status == .paid, order.fulfilmentStatus == .unfulfilled else { return .done }
        for entitlement in try await marketplace.downloads.entitlements(of: order) {
            for file in entitlement.files {
                try await check(file, of: entitlement, marketplace)
            }
        }
        return Completion(effects: [try marketplace.orders.fulfilled(order.id, traceID: context.traceID)])
    }

    /// A missing or changed file is retried: the store may be away, or be restored; at the end an operator sees why.
    private static func check(_ file: ProductFile, of entitlement: Entitlement, _ marketplace: Marketplace) async throws
    {
        let object = marketplace.downloads.object(file, of: entitlement)
        let info = try await marketplace.objects.head(bucket: object.bucket, key: object.key)
        guard info.size == file.size, info.sha256 == file.sha256 else {
            throw FulfilmentError(
                description: "\(object.bucket)/\(object.key) has \(info.size) bytes and SHA-256 \(info.sha256); "
                    + "\(entitlement.id) bought \(file.size) bytes and \(file.sha256).")
        }
    }
}

/// What was bought is not what is there.
struct FulfilmentError: Error, CustomStringConvertible {
    var description: String
}
