public import Foundation
public import Logging
import ObjectStore
public import ServiceLifecycle

/// Aborts the uploads that the lifecycle rules of their buckets call abandoned, once an hour.
///
/// Any number of processes may do so at once.
public struct UploadSweeper: Service {
    private let store: any S3Store
    private let logger: Logger
    private let now: @Sendable () -> Date

    /// Makes a sweeper of all buckets of a store.
    public init(store: any S3Store, logger: Logger, now: @escaping @Sendable () -> Date = { Date() }) {
        self.store = store
        self.logger = logger
        self.now = now
    }

    /// Sweeps until the service group shuts down.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await sweep()
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("abandoned uploads were not swept", metadata: ["error": "\(error)"])
                }
                // Ends early when the group shuts down, which the loop looks at.
                try? await Task.sleep(for: .seconds(3600))
            }
        }
    }

    /// Aborts what is abandoned now; returns how many uploads that were.
    ///
    /// A bucket whose rules can't be read, or whose uploads can't be aborted, is logged and left to the next sweep.
    @discardableResult
    public func sweep() async throws -> Int {
        var total = 0
        for bucket in try await store.buckets() {
            try Task.checkCancellation()
            do {
                for rule in try await store.rules(of: bucket.name).lifecycle where rule.isEnabled {
                    total += try await store.abortUploads(
                        bucket: bucket.name, prefix: rule.prefix,
                        initiatedBefore: now().addingTimeInterval(-Double(rule.days) * 86_400))
                }
            } catch let error as CancellationError {
                throw error
            } catch let error as ObjectStoreError where error.code == .noSuchBucket {
                // It was deleted meanwhile, and its uploads with it.
            } catch {
                logger.error(
                    "a bucket's abandoned uploads were not swept",
                    metadata: ["bucket": "\(bucket.name)", "error": "\(error)"])
            }
        }
        if total > 0 {
            logger.info("aborted abandoned uploads", metadata: ["uploads": "\(total)"])
        }
        return total
    }
}
