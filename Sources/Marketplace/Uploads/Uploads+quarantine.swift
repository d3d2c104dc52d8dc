import JobQueue
import RedisClient

/// Files that a scanner takes for dangerous: kept, neither sold nor given out, until an operator decides.
extension Uploads {
    /// The quarantined uploads, the newest first.
    ///
    /// - Throws: ``MarketplaceError`` `cursor_invalid`, `limit_invalid`.
    public func quarantined(cursor: String? = nil, limit: Int = 20) async throws -> Page<Upload> {
        try await market.page(
            zset: keys.quarantine, recordPrefix: keys.uploadPrefix, kind: .upload, cursor: cursor, limit: limit
        ).map(view)
    }

    /// Has a quarantined upload ingested again; what the scanner found is noted and no longer counts.
    ///
    /// - Parameters:
    ///   - id: The upload.
    ///   - reason: Why, for other operators; cut to 500 characters.
    /// - Throws: ``MarketplaceError`` `not_found`, `upload_not_quarantined`.
    public func release(id: String, reason: String) async throws -> Upload {
        try await review(id, "release", problem: "", reason: reason) { upload in
            [try IngestUpload(upload: upload.id).prepared()]
        }
    }

    /// Refuses a quarantined upload for good: its bytes are deleted and given back, its owner gets a mail.
    ///
    /// - Parameters:
    ///   - id: The upload.
    ///   - reason: Why, for other operators; cut to 500 characters.
    /// - Throws: ``MarketplaceError`` `not_found`, `upload_not_quarantined`.
    public func reject(id: String, reason: String) async throws -> Upload {
        let upload = try await existing(id)
        let problem = UploadProblem(
            code: upload.problem?.code ?? "malware_found",
            detail: (upload.problem?.detail ?? "The file is dangerous.")
                + " An operator has looked at it and refused it.")
        let owner = try await recipient(of: upload)
        return try await review(id, "reject", problem: try Self.json(problem), reason: reason) { upload in
            var jobs = try deletions(of: upload)
            if let owner {
                let template = MailTemplate.uploadRejected(
                    filename: upload.filename, code: problem.code, detail: problem.detail)
                jobs.append(try SendMail(to: owner.email, name: owner.name, template: template).prepared())
            }
            return jobs
        }
    }

    private func review(
        _ id: String, _ verb: String, problem: String, reason: String, jobs: (Upload) throws -> [PreparedJob]
    ) async throws -> Upload {
        let upload = try await existing(id)
        let values = try await market.run(
            Scripts.review,
            arguments: [.init(id), .init(verb), .init(problem), .init(String(reason.prefix(500))), offset],
            jobs: try jobs(upload))
        return try view(ScriptReply.record(values[0]))
    }

    private func existing(_ id: String) async throws -> Upload {
        guard let upload = try await record(id: id) else { throw Self.notFound }
        return upload
    }

    /// Who gets the mail; an account that is gone gets none.
    private func recipient(of upload: Upload) async throws -> User? {
        do {
            return try await market.accounts.user(id: upload.owner)
        } catch let error as MarketplaceError where error.category == .notFound {
            return nil
        }
    }
}
