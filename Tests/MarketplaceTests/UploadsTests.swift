import Foundation
import JobQueue
import Marketplace
import NIOCore
import ObjectStore
import RedisClient
import TestSupport
import Testing

@Suite struct UploadsTests {
    @Test func `an upload is announced, sent, completed and ingested`() async throws {
        try await withMarket { bench in
            let uploads = bench.market.uploads
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let upload = try await uploads.create(
                NewUpload(filename: "Café 📚.pdf", size: 5, contentType: "application/pdf"), owner: seller.id)
            #expect(upload.state == .pending && upload.filename == "Café 📚.pdf")
            let put = try #require(upload.instructions)
            #expect(put.method == "PUT" && put.headers == ["Content-Type": "application/pdf"])

            // The URL is one that our own signer lets in, for this key and size alone.
            let url = try #require(URLComponents(string: put.url))
            #expect(url.path == "/o/uploads/\(upload.objectKey)")
            let constraints = try await bench.market.signer.verify(
                method: "PUT", bucket: "uploads", key: upload.objectKey, query: url.percentEncodedQuery ?? "",
                now: bench.market.clock.now)
            #expect(constraints.exactBytes == 5 && constraints.contentType == "application/pdf")
            #expect(try await uploads.admit(objectKey: upload.objectKey).id == upload.id)

            _ = try await bench.market.objects.put(
                bucket: Uploads.bucket, key: upload.objectKey, bytes: ByteBuffer(string: "hello"))
            let completed = try await uploads.complete(id: upload.id, owner: seller.id)
            #expect(completed.state == .uploaded && completed.instructions == nil)
            #expect(try await bench.jobs(IngestUpload.self).map(\.upload) == [upload.id])
            let late = try await refusalOf { _ = try await uploads.admit(objectKey: upload.objectKey) }
            #expect(late?.code == "upload_not_pending")

            let report = UploadReport(
                sha256: String(repeating: "b", count: 64), detectedType: "application/pdf", kind: .document, size: 5,
                checks: [.init(name: "sha256", result: "skipped")],
                thumbnails: [Thumbnail(width: 160, type: "image/webp")])
            try await bench.ingest { upload in
                #expect(upload.state == .processing)
                return try uploads.ready(upload.id, report: report)
            }
            let ready = try await uploads.upload(id: upload.id, owner: seller.id)
            #expect(ready.state == .ready && ready.report?.kind == .document)
            #expect(
                ready.report?.thumbnails.first?.url == "http://127.0.0.1:8080/v1/media/\(upload.id)/160.webp")
            let duplicate = try await uploads.duplicate(sha256: report.sha256, owner: seller.id, besides: "other")
            #expect(duplicate == upload.id)
        }
    }

    @Test func `a suspended seller's presigned PUT is refused, and let in again afterwards`() async throws {
        try await withMarket { bench in
            let (uploads, accounts) = (bench.market.uploads, bench.market.accounts)
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let upload = try await uploads.create(
                NewUpload(filename: "a.txt", size: 5, contentType: "text/plain"), owner: seller.id)
            _ = try await accounts.suspend(seller.id, reason: "stolen")
            let refusal = try await refusalOf { _ = try await uploads.admit(objectKey: upload.objectKey) }
            #expect(refusal?.code == "account_suspended" && refusal?.category == .forbidden)
            #expect(refusal?.detail.contains("stolen") == false)
            _ = try await accounts.resume(seller.id)
            #expect(try await uploads.admit(objectKey: upload.objectKey).id == upload.id)
        }
    }

    @Test func `completions at once enqueue one job, and none without the bytes`() async throws {
        try await withMarket { bench in
            let uploads = bench.market.uploads
            let upload = try await uploads.create(
                NewUpload(filename: "a.txt", size: 5, contentType: "text/plain"), owner: "usr_a")
            let missing = try await refusalOf { _ = try await uploads.complete(id: upload.id, owner: "usr_a") }
            #expect(missing?.code == "upload_missing")
            #expect(try await bench.jobs(IngestUpload.self).isEmpty)

            _ = try await bench.market.objects.put(
                bucket: Uploads.bucket, key: upload.objectKey, bytes: ByteBuffer(string: "hell"))
            let short = try await refusalOf { _ = try await uploads.complete(id: upload.id, owner: "usr_a") }
            #expect(short?.code == "size_mismatch")
            #expect(try await bench.jobs(IngestUpload.self).isEmpty)

            _ = try await bench.market.objects.put(
                bucket: Uploads.bucket, key: upload.objectKey, bytes: ByteBuffer(string: "hello"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { _ = try await uploads.complete(id: upload.id, owner: "usr_a") }
                }
                try await group.waitForAll()
            }
            #expect(try await bench.jobs(IngestUpload.self).count == 1)
        }
    }

    @Test(arguments: [
        ("../../etc/passwd", "filename_has_path"), ("a\\b.txt", "filename_has_path"),
        ("a/\u{301}b", "filename_has_path"),
        ("a\u{0}b.txt", "filename_has_controls"), ("a\nb.txt", "filename_has_controls"),
        ("evil\u{202E}fdp.exe", "filename_has_controls"), ("..", "filename_reserved"), (" ", "filename_empty"),
        (String(repeating: "x", count: 300), "filename_too_long"),
        (String(repeating: "📚", count: 64), "filename_too_long"),
    ])
    func `a name that would be trouble on a disk is refused with a code`(name: String, code: String) async throws {
        try await withMarket { bench in
            let error = try await refusalOf {
                _ = try await bench.market.uploads.create(
                    NewUpload(filename: name, size: 1, contentType: "text/plain"), owner: "usr_a")
            }
            #expect(error?.fields.map(\.code) == [code])
            #expect(error?.fields.first?.pointer == "/filename")
            #expect(try await bench.jobs(ExpireUpload.self).isEmpty)
        }
    }

    @Test func `everything wrong with an announcement is said at once`() async throws {
        try await withMarket { bench in
            let error = try await refusalOf {
                _ = try await bench.market.uploads.create(
                    NewUpload(filename: "", size: 0, contentType: "nonsense", sha256: "xyz"), owner: "usr_a")
            }
            #expect(error?.fields.map(\.pointer) == ["/filename", "/size", "/content_type", "/sha256"])
            let large = try await refusalOf {
                _ = try await bench.market.uploads.create(
                    NewUpload(filename: "a", size: 51 << 20, contentType: "image/png", purpose: .cover), owner: "usr_a")
            }
            #expect(large?.fields.map(\.code) == ["file_too_large"])
        }
    }

    @Test func `the quota holds when uploads are announced at once, and deleting gives back`() async throws {
        try await withMarket {
            $0.uploadQuotaBytes = 1000
        } _: { bench in
            let uploads = bench.market.uploads
            let made = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        do {
                            return try await uploads.create(
                                NewUpload(filename: "a", size: 300, contentType: "text/plain"), owner: "usr_a"
                            ).id
                        } catch let error as MarketplaceError {
                            #expect(error.code == "quota_exceeded")
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: [String]()) { if let id = $1 { $0.append(id) } }
            }
            #expect(made.count == 3)
            try await uploads.delete(id: made[0], owner: "usr_a")
            _ = try await uploads.create(
                NewUpload(filename: "a", size: 300, contentType: "text/plain"), owner: "usr_a")
        }
    }

    @Test func `another's upload is one that does not exist`() async throws {
        try await withMarket { bench in
            let uploads = bench.market.uploads
            let upload = try await bench.uploaded(owner: "usr_a")
            let missing = Identifier.make(.upload, milliseconds: 0, random: .system)
            for id in [upload.id, missing, "upl_nonsense", ""] {
                let answers = [
                    try await refusalOf { _ = try await uploads.upload(id: id, owner: "usr_b") },
                    try await refusalOf { _ = try await uploads.complete(id: id, owner: "usr_b") },
                    try await refusalOf { try await uploads.delete(id: id, owner: "usr_b") },
                ]
                #expect(answers.allSatisfy { $0?.code == "not_found" && $0?.category == .notFound })
            }
            #expect(try await uploads.upload(id: upload.id, owner: "usr_a").state == .uploaded)
        }
    }

    @Test func `a rejected upload says why, mails its owner, and frees its bytes`() async throws {
        try await withMarket { bench in
            let uploads = bench.market.uploads
            let seller = try await bench.account("s@example.org", groups: [.seller])
            let upload = try await bench.uploaded(owner: seller.id, filename: "bad.pdf")
            try await bench.ingest {
                try uploads.rejected($0, code: "checksum_mismatch", detail: "The content differs.", owner: seller)
            }
            let rejected = try await uploads.upload(id: upload.id, owner: seller.id)
            #expect(rejected.state == .rejected)
            #expect(rejected.problem == UploadProblem(code: "checksum_mismatch", detail: "The content differs."))
            let usage = try await bench.redis.send(
                RedisCommand("HGET", .init("\(bench.market.keys.ns)usr:\(seller.id):usage"), "bytes"))
            #expect(usage.int == 0)
            #expect(try await bench.jobs(DeleteObjects.self).map(\.keys) == [[upload.objectKey]])
            let mails = try await bench.jobs(SendMail.self).map(\.template)
            #expect(
                mails.contains(
                    .uploadRejected(filename: "bad.pdf", code: "checksum_mismatch", detail: "The content differs.")))
        }
    }

    @Test func `a decided upload stays as it is, and a deleted one leaves no previews`() async throws {
        try await withMarket { bench in
            let uploads = bench.market.uploads
            let ready = try await bench.readyUpload(owner: "usr_a")
            _ = try await bench.market.queue.enqueue(IngestUpload(upload: ready.id))
            try await bench.ingest { _ in throw JobFailure.permanent("it was decided") }
            #expect(try await uploads.upload(id: ready.id, owner: "usr_a").state == .ready)

            let gone = try await bench.uploaded(owner: "usr_a", filename: "gone.png", purpose: .cover)
            let report = UploadReport(
                sha256: "", detectedType: "image/png", kind: .image, size: 5,
                thumbnails: [Thumbnail(width: 160, type: "image/jpeg")])
            let market = bench.market
            try await bench.ingest { upload in
                // The owner deletes it while the worker is at it.
                try await market.uploads.delete(id: upload.id, owner: "usr_a")
                return try uploads.ready(upload.id, report: report)
            }
            #expect(try await uploads.record(id: gone.id) == nil)
            let keys = try await bench.jobs(DeleteObjects.self).flatMap(\.keys)
            #expect(Set(keys) == [gone.objectKey, "\(gone.id)/160.jpg"])
        }
    }

    @Test func `the sweeper takes what was never completed, and nothing else`() async throws {
        try await withMarket { bench in
            let uploads = bench.market.uploads
            let pending = try await uploads.create(
                NewUpload(filename: "a", size: 5, contentType: "text/plain"), owner: "usr_a")
            let uploaded = try await bench.uploaded(owner: "usr_a")
            #expect(Set(try await bench.jobs(ExpireUpload.self).map(\.upload)) == [pending.id, uploaded.id])
            #expect(try await uploads.expire(id: pending.id))
            #expect(try await !uploads.expire(id: pending.id))
            #expect(try await !uploads.expire(id: uploaded.id))
            #expect(try await uploads.list(owner: "usr_a").data.map(\.id) == [uploaded.id])
        }
    }

    @Test func `pages of uploads are newest first and lose nothing`() async throws {
        try await withMarket { bench in
            let uploads = bench.market.uploads
            var made: [String] = []
            for index in 0..<7 {
                bench.clock.advance(by: .seconds(1))
                made.append(
                    try await uploads.create(
                        NewUpload(filename: "\(index)", size: 1, contentType: "text/plain"), owner: "usr_a"
                    ).id)
            }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let page = try await uploads.list(owner: "usr_a", cursor: cursor, limit: 3)
                #expect(page.data.count <= 3)
                seen += page.data.map(\.id)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seen == made.reversed())
            for nonsense in ["x", "bm9uc2Vuc2U", "", String(repeating: "A", count: 600)] {
                let error = try await refusalOf { _ = try await uploads.list(owner: "usr_a", cursor: nonsense) }
                #expect(error?.fields.first?.code == "cursor_invalid")
            }
        }
    }

    @Test func `an upload encodes as the contract says, without what is internal`() async throws {
        try await withMarket { bench in
            let upload = try await bench.market.uploads.create(
                NewUpload(filename: "a", size: 5, contentType: "text/plain"), owner: "usr_a")
            let json = try #require(
                try JSONSerialization.jsonObject(with: JSONEncoder().encode(upload)) as? [String: Any])
            #expect(
                Set(json.keys) == [
                    "id", "object", "filename", "size", "content_type", "sha256", "purpose", "state", "created_at",
                    "upload", "report", "problem",
                ])
            #expect(json["object"] as? String == "upload" && json["report"] is NSNull)
        }
    }
}
