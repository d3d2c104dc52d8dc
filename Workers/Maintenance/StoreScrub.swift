internal import JobQueue
internal import Logging
internal import Marketplace
internal import ObjectStore

/// The periodic scrub, a minute of it for each job, so that it keeps no slot of its queue from other work for long.
struct StoreScrub: Sendable {
    static let turn = Duration.seconds(60)

    let objects: any ObjectStore
    let bytesPerSecond: Int64?

    func run(_ job: ScrubStore, _ context: JobContext) async throws -> Completion {
        guard let store = objects as? DirectoryStore else {
            context.logger.info("nothing to scrub: the store is another service's")
            return .done
        }
        if job.turn > 0, try await store.scrubUnderWay() == nil {
            return .done  // somebody else brought it to its end
        }
        let report: ScrubReport
        do {
            report = try await store.scrub(
                ScrubOptions(bytesPerSecond: bytesPerSecond, resumes: true, turn: Self.turn))
        } catch let error as ObjectStoreError where error.code == .busy {
            context.logger.info("the store is being scrubbed already")
            return .done
        }
        guard report.endedAt != nil else {
            return Completion(followUps: [try ScrubStore(turn: job.turn + 1).prepared()])
        }
        guard report.isClean else {
            let first = report.findings.prefix(3).map { "\($0.kind.rawValue) \($0.file ?? "index"): \($0.detail)" }
            let text = "the store is damaged, \(report.problems) problems: \(first.joined(separator: "; "))"
            context.logger.critical("\(text)")
            // No second look makes it right: among the dead jobs an operator finds it.
            throw JobFailure.permanent(text)
        }
        context.logger.info(
            "the store is right",
            metadata: ["contents": "\(report.contents)", "parts": "\(report.parts)", "bytes": "\(report.bytes)"])
        return .done
    }
}
