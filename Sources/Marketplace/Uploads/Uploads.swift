import Foundation
import JobQueue
import ObjectStore
import RedisClient

/// Files on their way from a seller to a product.
///
/// The bytes go straight to the object store by a presigned URL; here is what is known of them, and each change of
/// state is one script that checks the state it leaves.
public struct Uploads: Sendable {
    /// The private bucket of originals; keys are `<owner>/<upload id>`.
    public static let bucket = "uploads"
    /// The public bucket of previews; keys are `<upload id>/<width>.webp|jpg`.
    public static let mediaBucket = "media"

    let market: Marketplace

    var keys: Keys { market.keys }
    var offset: RedisArgument { RedisArgument(market.clock.offsetMilliseconds) }

    /// Announces a file and says how to send it.
    ///
    /// - Throws: ``MarketplaceError`` for a name, size or type that can't be accepted, `quota_exceeded`, `upload_limit`.
    public func create(_ request: NewUpload, owner: String, traceID: String? = nil) async throws -> Upload {
        let configuration = market.configuration
        try UploadRules.check(request, configuration: configuration)
        let id = market.newID(.upload)
        let values = try await market.run(
            Scripts.create,
            arguments: [
                .init(id), .init(owner), .init(request.filename), .init(request.size), .init(request.contentType),
                .init(request.sha256?.lowercased() ?? ""), .init(request.purpose.rawValue), offset,
                .init(configuration.uploadQuotaBytes), .init(configuration.maximumUploadsPerSeller),
            ],
            jobs: [
                ExpireUpload(upload: id).prepared(
                    id: .generate(), delay: configuration.abandonedUploadAge, priority: nil, traceID: traceID)
            ])
        return try view(ScriptReply.record(values[0]))
    }

    /// An upload of this owner.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`, also for another's.
    public func upload(id: String, owner: String) async throws -> Upload {
        guard let upload = try await record(id: id), upload.owner == owner else { throw Self.notFound }
        return upload
    }

    /// An upload, whoever asks; for workers.
    public func record(id: String) async throws -> Upload? {
        guard Identifier.isValid(id, .upload) else { return nil }
        let reply = try await market.redis.send(RedisCommand("HGETALL", RedisArgument(keys.upload(id))))
        let record = ScriptReply.record(reply)
        return record.isEmpty ? nil : try view(record)
    }

    /// The owner's uploads, newest first.
    public func list(owner: String, cursor: String? = nil, limit: Int = 20) async throws -> Page<Upload> {
        try await market.page(
            zset: keys.uploads(owner: owner), recordPrefix: keys.uploadPrefix, kind: .upload, cursor: cursor,
            limit: limit
        ).map(view)
    }

    /// Takes note that the bytes were sent, and has the file ingested; a repeat changes nothing.
    ///
    /// - Parameter sha256: The SHA-256 in hex, where it was not known at the announcement: a browser learns it while it
    ///   sends. One that was announced stands.
    /// - Throws: ``MarketplaceError`` `not_found`, `upload_missing`, `size_mismatch`, `sha256_invalid`.
    public func complete(
        id: String, owner: String, sha256: String? = nil, traceID: String? = nil
    ) async throws -> Upload {
        let upload = try await upload(id: id, owner: owner)
        if let problem = UploadRules.sha256Problem(sha256) { throw MarketplaceError.invalid([problem]) }
        guard upload.state == .pending else { return upload }
        let object: ObjectInfo
        do {
            object = try await market.objects.head(bucket: Self.bucket, key: upload.objectKey)
        } catch let error as ObjectStoreError where error.code == .noSuchKey {
            throw MarketplaceError.conflict("upload_missing", "The file has not arrived. Send it first.")
        }
        guard object.size == upload.size else {
            throw MarketplaceError.conflict(
                "size_mismatch", "The file has \(object.size) bytes, \(upload.size) were announced.")
        }
        let values = try await market.run(
            Scripts.complete,
            arguments: [
                .init(id), .init(owner), .init(object.etag), offset, .init(sha256?.lowercased() ?? ""),
            ],
            jobs: [
                IngestUpload(upload: id).prepared(id: .generate(), delay: nil, priority: nil, traceID: traceID)
            ])
        return try view(ScriptReply.record(values[0]))
    }

    /// Deletes an upload that no product needs, and its objects.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`, `upload_in_use`.
    public func delete(id: String, owner: String) async throws {
        let upload = try await upload(id: id, owner: owner)
        _ = try await market.run(
            Scripts.delete, arguments: [.init(id), .init(owner), offset], jobs: deletions(of: upload))
    }

    /// Lets the bytes of a presigned PUT in, before the first of them is read.
    ///
    /// The signature says that we allowed it once; this says that the upload still waits for its bytes, and
    /// that its seller was not suspended since.
    /// - Throws: ``MarketplaceError`` `not_found`, `account_suspended`, `upload_not_pending`.
    public func admit(objectKey: String) async throws -> Upload {
        let parts = objectKey.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let upload = try await record(id: String(parts[1])), upload.owner == parts[0] else {
            throw Self.notFound
        }
        guard try await !market.accounts.isSuspended(upload.owner) else {
            throw MarketplaceError.forbidden(
                "account_suspended", "This account is suspended. Write to the people who run this shop.")
        }
        guard upload.state == .pending else {
            throw MarketplaceError.conflict(
                "upload_not_pending", "This upload has its file. Make a new upload for another one.")
        }
        return upload
    }

    static var notFound: MarketplaceError { .notFound("not_found", "There is no such upload.") }

    /// The jobs that remove what an upload left in the store.
    func deletions(of upload: Upload) throws -> [PreparedJob] {
        var jobs = [try DeleteObjects(bucket: Self.bucket, keys: [upload.objectKey]).prepared()]
        let previews = upload.report?.publicKeys(upload: upload.id) ?? []
        if !previews.isEmpty {
            jobs.append(try DeleteObjects(bucket: Self.mediaBucket, keys: previews).prepared())
        }
        return jobs
    }

    @Sendable
    func view(_ record: [String: String]) throws -> Upload {
        var upload = try Upload(record: record, publicURL: market.configuration.publicURL)
        if upload.state == .pending { upload.instructions = instructions(for: upload) }
        return upload
    }

    /// A presigned PUT.
    ///
    /// The size is signed, so that a longer body is refused while it streams; the checksum is not: the
    /// worker compares it, and tells the seller what it found.
    private func instructions(for upload: Upload) -> UploadInstructions {
        let lifetime = Double(market.configuration.uploadURLLifetime.milliseconds) / 1000
        let expires = Date(timeIntervalSince1970: (market.clock.now.timeIntervalSince1970 + lifetime).rounded(.down))
        let query = market.signer.presign(
            method: "PUT", bucket: Self.bucket, key: upload.objectKey, expires: expires,
            constraints: PresignConstraints(
                maximumBytes: upload.size, exactBytes: upload.size, contentType: upload.contentType))
        let path = URLSigner.path(key: upload.objectKey)
        return UploadInstructions(
            method: "PUT", url: "\(market.configuration.publicURL)/o/\(Self.bucket)/\(path)?\(query)",
            headers: ["Content-Type": upload.contentType], expiresAt: Timestamp(expires))
    }

    enum Scripts {
        static let uploads = LuaFragment(
            name: "uploads", source: ScriptSource.text(PackageResources.upload_records_lua),
            requires: [MarketFragments.keys])
        static let create = script("upload.create", PackageResources.upload_create_lua)
        static let complete = script("upload.complete", PackageResources.upload_complete_lua)
        static let begin = script("upload.begin", PackageResources.upload_begin_lua)
        static let delete = script("upload.delete", PackageResources.upload_delete_lua)
        static let review = script("upload.review", PackageResources.upload_review_lua)

        private static func script(_ name: String, _ body: [UInt8]) -> DomainScript {
            DomainScript(name: name, fragments: [MarketFragments.keys, uploads], body: ScriptSource.text(body))
        }
    }
}
