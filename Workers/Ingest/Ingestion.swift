import JobQueue
import Logging
import Marketplace
import ObjectStore

/// The job: everything outside Redis is keyed by the upload and may be done twice; the decision is applied once, with
/// the acknowledgement, by the worker that still holds the lease.
struct Ingestion: Sendable {
    let marketplace: Marketplace
    let inspector: Inspector

    func run(_ job: IngestUpload, _ context: JobContext) async throws -> Completion {
        guard let upload = try await marketplace.uploads.begin(id: job.upload) else {
            return .done
        }
        do {
            let report = try await inspect(upload)
            context.logger.info("upload \(upload.id) is ready", metadata: ["type": "\(report.detectedType)"])
            return Completion(effects: [try marketplace.uploads.ready(upload.id, report: report)])
        } catch let rejection as Rejection {
            context.logger.info(
                "upload \(upload.id) is rejected",
                metadata: ["code": "\(rejection.code)", "detail": "\(rejection.detail)"])
            let effect = try marketplace.uploads.rejected(
                upload, code: rejection.code, detail: rejection.detail, owner: try await owner(of: upload))
            return Completion(effects: [effect])
        } catch let quarantine as Quarantine {
            context.logger.warning(
                "upload \(upload.id) is quarantined",
                metadata: ["code": "\(quarantine.code)", "detail": "\(quarantine.detail)", "owner": "\(upload.owner)"])
            let effect = try marketplace.uploads.quarantined(
                upload, code: quarantine.code, detail: quarantine.detail, report: quarantine.report,
                owner: try await owner(of: upload))
            return Completion(effects: [effect])
        }
    }

    private func inspect(_ upload: Upload) async throws -> UploadReport {
        let findings = try await withFile(upload) { try await inspector.inspect($0, as: Claims(upload)) }
        var report = findings.report
        if let duplicate = try await marketplace.uploads.duplicate(
            sha256: report.sha256, owner: upload.owner, besides: upload.id)
        {
            report.duplicateOf = duplicate
            report.checks.append(.init(name: "duplicate", result: "passed", detail: "The same file as \(duplicate)."))
        }
        // Only a file that passed everything gets public previews.
        let thumbnails = findings.thumbnails.map { ($0.0.objectKey(upload: upload.id), $0.0.type, $0.1) }
        let previews = findings.previews.map { ($0.0.objectKey(upload: upload.id), $0.0.type, $0.1) }
        for (key, type, bytes) in thumbnails + previews {
            try await marketplace.objects.put(
                bucket: Uploads.mediaBucket, key: key, bytes: bytes, options: PutOptions(contentType: type))
        }
        return report
    }

    private func withFile(_ upload: Upload, _ body: (String) async throws -> Findings) async throws -> Findings {
        do {
            return try await marketplace.objects.withLocalFile(
                bucket: Uploads.bucket, key: upload.objectKey, body)
        } catch let error as ObjectStoreError where error.code == .noSuchKey {
            throw Rejection("file_missing", "The file is not in the store any more. Please upload it again.")
        }
    }

    /// Who gets the mail; an account that is gone gets none.
    private func owner(of upload: Upload) async throws -> User? {
        do {
            return try await marketplace.accounts.user(id: upload.owner)
        } catch let error as MarketplaceError where error.category == .notFound {
            return nil
        }
    }
}

/// Why a file can't be sold; no failure of the job, but its result.
struct Rejection: Error {
    let code: String
    let detail: String

    init(_ code: String, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

/// What a seller said of a file.
struct Claims: Sendable {
    var filename: String
    var size: Int64
    var contentType: String
    var sha256: String?
    var isCover: Bool
    /// What the scanner found before, and an operator waived.
    var waived: UploadProblem?

    init(filename: String, size: Int64, contentType: String, sha256: String? = nil, isCover: Bool = false) {
        self.filename = filename
        self.size = size
        self.contentType = contentType
        self.sha256 = sha256
        self.isCover = isCover
    }

    init(_ upload: Upload) {
        self.init(
            filename: upload.filename, size: upload.size, contentType: upload.contentType, sha256: upload.sha256,
            isCover: upload.purpose == .cover)
        waived = upload.waived
    }
}
