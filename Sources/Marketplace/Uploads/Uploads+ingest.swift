import Foundation
public import JobQueue
import RedisClient

extension Marketplace {
    /// The effects that the ingest worker registers.
    public static let uploadEffects: [EffectDefinition] = [
        EffectDefinition(
            name: "upload.ready", fragments: [MarketFragments.keys, Uploads.Scripts.uploads],
            body: ScriptSource.text(PackageResources.upload_ready_lua)),
        EffectDefinition(
            name: "upload.rejected", fragments: [MarketFragments.keys, Uploads.Scripts.uploads],
            body: ScriptSource.text(PackageResources.upload_refused_lua)),
        EffectDefinition(
            name: "upload.quarantined", fragments: [MarketFragments.keys, Uploads.Scripts.uploads],
            body: ScriptSource.text(PackageResources.upload_refused_lua)),
    ]
}

extension Uploads {
    /// Says that a worker looks at the upload now; `nil` when there is nothing to do, as it is gone or was decided.
    public func begin(id: String) async throws -> Upload? {
        let values = try await market.run(Scripts.begin, arguments: [.init(id), offset], retry: .safe)
        let record = ScriptReply.record(values[0])
        return record.isEmpty ? nil : try view(record)
    }

    /// The owner's first ready upload with this content, if it is another one.
    public func duplicate(sha256: String, owner: String, besides id: String) async throws -> String? {
        let reply = try await market.redis.send(
            RedisCommand("HGET", RedisArgument(keys.content(owner: owner)), RedisArgument(sha256)))
        guard let found = reply.string, found != id else { return nil }
        return found
    }

    /// The file can be sold.
    public func ready(_ id: String, report: UploadReport) throws -> Effect {
        let previews = report.publicKeys(upload: id)
        return Effect(
            "upload.ready",
            arguments: [
                .init(id), .init(try Self.json(report.located(upload: id, publicURL: nil))), .init(report.sha256),
                offset,
            ],
            jobs: previews.isEmpty ? [] : [try DeleteObjects(bucket: Self.mediaBucket, keys: previews).prepared()])
    }

    /// The file is refused: its owner gets a mail, its objects are deleted, its bytes are given back.
    ///
    /// - Parameters:
    ///   - upload: As ``begin(id:)`` gave it.
    ///   - code: What is wrong, as a stable code such as `checksum_mismatch`.
    ///   - detail: A sentence for the owner.
    ///   - owner: Who gets the mail; `nil` for nobody.
    public func rejected(
        _ upload: Upload, code: String, detail: String, report: UploadReport? = nil, owner: User?
    ) throws -> Effect {
        var jobs = try deletions(of: upload)
        if let owner {
            let template = MailTemplate.uploadRejected(filename: upload.filename, code: code, detail: detail)
            jobs.append(try SendMail(to: owner.email, name: owner.name, template: template).prepared())
        }
        return try refused("upload.rejected", upload.id, "rejected", code, detail, report, jobs)
    }

    /// The file is dangerous: it is kept for the operator to look at, and its owner gets a mail.
    ///
    /// - Parameters:
    ///   - upload: As ``begin(id:)`` gave it.
    ///   - code: What is wrong, as a stable code such as `malware_found`.
    ///   - detail: A sentence for the owner.
    ///   - owner: Who gets the mail; `nil` for nobody.
    public func quarantined(
        _ upload: Upload, code: String, detail: String, report: UploadReport? = nil, owner: User?
    ) throws -> Effect {
        var jobs: [PreparedJob] = []
        if let owner {
            let template = MailTemplate.uploadQuarantined(filename: upload.filename, detail: detail)
            jobs.append(try SendMail(to: owner.email, name: owner.name, template: template).prepared())
        }
        return try refused("upload.quarantined", upload.id, "quarantined", code, detail, report, jobs)
    }

    /// Deletes the upload and its object if it still waits for its bytes; says whether it did.
    public func expire(id: String) async throws -> Bool {
        guard let upload = try await record(id: id), upload.state == .pending else { return false }
        let values = try await market.run(
            Scripts.delete, arguments: [.init(id), "", offset], jobs: deletions(of: upload))
        return values[0].int == 1
    }

    private func refused(
        _ effect: String, _ id: String, _ state: String, _ code: String, _ detail: String, _ report: UploadReport?,
        _ jobs: [PreparedJob]
    ) throws -> Effect {
        Effect(
            effect,
            arguments: [
                .init(id), .init(state), .init(try Self.json(UploadProblem(code: code, detail: detail))),
                .init(try report.map { try Self.json($0.located(upload: id, publicURL: nil)) } ?? ""), offset,
            ],
            jobs: jobs)
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
