public import Clamd
public import JobQueue
public import Marketplace

/// The `ingest` queue: compares an upload with what its seller said of it, finds out what it is, and makes previews.
public enum IngestHandlers {
    /// Registers the job of the queue and the effects that it stages.
    ///
    /// - Parameters:
    ///   - limits: What a probe may take.
    ///   - scratchDirectory: Where probes write; nil: the system's folder for temporary files. What workers that were
    ///     killed left in it is removed now.
    ///   - scanner: What scans every file for malware; nil: files stay unscanned, and their reports say so.
    public static func register(
        into handlers: inout JobHandlers,
        marketplace: Marketplace,
        limits: ProbeLimits = ProbeLimits(),
        scratchDirectory: String? = nil,
        scanner: MalwareScanner? = nil
    ) {
        for effect in Marketplace.uploadEffects {
            handlers.register(effect: effect)
        }
        let scratch = ScratchArea(parent: scratchDirectory)
        scratch.sweep()
        let inspector = Inspector(limits: limits, scratch: scratch, scanner: scanner)
        let ingestion = Ingestion(marketplace: marketplace, inspector: inspector)
        handlers.register(IngestUpload.self) { job, context in
            try await ingestion.run(job, context)
        }
    }
}
