public import JobQueue
internal import Logging
public import Marketplace
internal import ObjectStore

/// The maintenance queue: what must be cleared away later.
public enum MaintenanceHandlers {
    /// Registers the handlers of ``ExpireUpload``, ``DeleteObjects``, ``VerifyLedger`` and ``ScrubStore``.
    ///
    /// - Parameter scrubBytesPerSecond: bytes a second that a scrub of the store reads at most; nil for any.
    public static func register(
        into handlers: inout JobHandlers,
        marketplace: Marketplace,
        scrubBytesPerSecond: Int64? = nil
    ) {
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
        handlers.register(VerifyLedger.self) { _, context in
            let report = try await marketplace.ledger.verify()
            guard report.ok else {
                let first = report.problems.prefix(3).map { "\($0.kind) \($0.subject): \($0.detail)" }
                let text = "the ledger is wrong, \(report.problemCount) problems: \(first.joined(separator: "; "))"
                context.logger.critical("\(text)")
                // No second look makes it right: among the dead jobs an operator finds it.
                throw JobFailure.permanent(text)
            }
            context.logger.info(
                "the ledger is right",
                metadata: ["transactions": "\(report.transactions)", "paid_orders": "\(report.paidOrders)"])
            return .done
        }
        let scrub = StoreScrub(objects: marketplace.objects, bytesPerSecond: scrubBytesPerSecond)
        handlers.register(ScrubStore.self) { job, context in try await scrub.run(job, context) }
    }

    /// What happens periodically.
    ///
    /// - Parameters:
    ///   - ledgerCheck: the cron expression of ``VerifyLedger``; empty for never.
    ///   - storeScrub: that of ``ScrubStore``.
    ///   - timeZone: the IANA name of their zone.
    /// - Throws: `JobQueueError` that says what is allowed.
    public static func schedules(
        ledgerCheck: String = "",
        storeScrub: String = "",
        timeZone: String
    ) throws -> [JobSchedule] {
        var schedules: [JobSchedule] = []
        if !ledgerCheck.isEmpty {
            schedules.append(
                JobSchedule("ledger-check", try CronExpression(ledgerCheck, timeZone: timeZone), job: VerifyLedger()))
        }
        if !storeScrub.isEmpty {
            schedules.append(
                JobSchedule("store-scrub", try CronExpression(storeScrub, timeZone: timeZone), job: ScrubStore()))
        }
        return schedules
    }
}
