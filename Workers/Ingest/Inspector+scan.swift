import Clamd
import Marketplace

extension Inspector {
    /// Has the file scanned, before any other program reads it.
    ///
    /// - Throws: ``Quarantine`` when something was found; ``ScannerError`` when there is no verdict, so that the job is
    ///   tried again: a file is never taken for clean because its scanner was down.
    func scan(_ path: String, _ claims: Claims, _ report: inout UploadReport) async throws {
        func note(_ result: String, _ detail: String) {
            report.checks.append(.init(name: "malware", result: result, detail: detail))
        }
        if let waived = claims.waived {
            note("flagged", "Released by an operator, although: \(waived.detail)")
            return
        }
        guard let scanner else {
            note("skipped", "No scanner is configured: unscanned.")
            return
        }
        switch try await scanner.scan(path, size: report.size) {
        case .clean:
            note("passed", "The scanner found nothing.")
        case .tooLarge:
            note("skipped", "The file is larger than the scanner takes: unscanned.")
        case .found(let signature):
            note("failed", "The scanner found \(signature).")
            throw Quarantine(
                code: "malware_found", detail: "The malware scanner found \(signature) in it.", report: report)
        }
    }
}

/// Why a file is kept back for an operator to look at; no failure of the job, but its result.
struct Quarantine: Error {
    let code: String
    let detail: String
    /// What was looked at until then.
    let report: UploadReport
}
