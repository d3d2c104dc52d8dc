public import JobQueue
internal import Logging
public import Marketplace
internal import ObjectStore

/// The maintenance queue: what must be cleared away later.
public enum MaintenanceHandlers {
    /// Registers the handlers of ``ExpireUpload`` and ``DeleteObjects``.
    public static func register(into handlers: inout JobHandlers, marketplace: Marketplace) {
        handlers.register(ExpireUpload.self) { job, context in
            let expired = try await marketplace.uploads.expire(id: job.upload)
            context.logger.debug("upload \(job.upload) \(expired ? "expired" : "stays")")
            return .done
        }
        handlers.register(DeleteObjects.self) { job, _ in
            for key in job.keys {
                do {
                    try await marketplace.objects.delete(bucket: job.bucket, key: key)
                } catch let error as ObjectStoreError where error.code == .noSuchKey {
                    continue  // a run before this one deleted it
                }
            }
            return .done
        }
    }
}
