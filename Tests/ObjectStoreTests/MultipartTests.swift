import Foundation
import GRDB
import NIOCore
import Testing

@testable import ObjectStore

@Suite("Multipart uploads")
struct MultipartTests {
    static let part = ByteBuffer(repeating: UInt8(ascii: "a"), count: 5 << 20)

    @Test("parts become one object with S3's ETag, its attributes and a composite checksum")
    func complete() async throws {
        try await withStore { store in
            let attributes = ObjectAttributes(contentType: "a/b", metadata: ["x": "y"])
            let options = UploadOptions(attributes: attributes, checksum: .crc32)
            let upload = try await store.createUpload(bucket: "goods", key: "k", options: options).name
            // Out of order, and one of them twice: what counts is the number, and the last of each.
            let second = try await store.putPart(of: upload, number: 7, bytes: bytes("tail"))
            try await store.putPart(of: upload, number: 2, bytes: bytes("never seen"))
            let first = try await store.putPart(of: upload, number: 2, bytes: Self.part)
            #expect(await code { try await store.head(bucket: "goods", key: "k") } == .noSuchKey)
            let named = [first, second].map {
                CompletedPart(number: $0.number, etag: $0.etag, checksum: $0.checksum?.value)
            }
            let info = try await store.completeUpload(upload, parts: named, options: CompleteOptions())
            // hashlib.md5(md5(b'a'*5242880).digest() + md5(b'tail').digest()), zlib.crc32 likewise.
            #expect(info.etag == "30dcfd3901d1c613b7fb532281748544-2")
            #expect(info.checksum == ObjectChecksum(algorithm: .crc32, kind: .composite, value: "4fn9rQ==-2"))
            #expect(info.size == 5 << 20 + 4 && info.contentType == "a/b" && info.metadata == ["x": "y"])
            #expect(try await store.text("k", range: .suffix(6)) == "aatail")
            #expect(contentAndStaging(store.directory).count == 1)
        }
    }

    @Test("a CRC of the whole object is computed over all parts, and compared")
    func fullObjectChecksum() async throws {
        try await withStore { store in
            let upload = try await store.createUpload(
                bucket: "goods", key: "k", options: UploadOptions(checksum: .crc64nvme)
            ).name
            let part = try await store.putPart(of: upload, number: 1, bytes: bytes("123456789"))
            let named = [CompletedPart(number: 1, etag: part.etag)]
            let wrong = await code {
                try await store.completeUpload(
                    upload, parts: named, options: CompleteOptions(expectedChecksum: "AAAAAAAAAAA="))
            }
            #expect(wrong == .digestMismatch)
            let info = try await store.completeUpload(
                upload, parts: named, options: CompleteOptions(expectedBytes: 9, expectedChecksum: "rosUhgp5mIg="))
            #expect(info.checksum == ObjectChecksum(algorithm: .crc64nvme, value: "rosUhgp5mIg="))
            let sha1 = BodyExpectations(checksum: ChecksumRequest(.sha1))
            let other = try await store.createUpload(
                bucket: "goods", key: "k", options: UploadOptions(checksum: .crc64nvme)
            ).name
            let refused = await code {
                try await store.putPart(of: other, number: 1, bytes: bytes("x"), expecting: sha1)
            }
            #expect(refused == .invalidArgument)
            // An upload without a checksum has none to be compared with, which must not pass for equal.
            let plain = try await store.createUpload(bucket: "goods", key: "plain", options: UploadOptions()).name
            try await store.putPart(of: plain, number: 1, bytes: bytes("123456789"))
            let ignored = await code {
                try await store.completeUpload(
                    plain, parts: named, options: CompleteOptions(expectedChecksum: "rosUhgp5mIg="))
            }
            #expect(ignored == .invalidArgument)
            #expect(await code { try await store.head(bucket: "goods", key: "plain") } == .noSuchKey)
        }
    }

    @Test("parts that are missing, changed, out of order or too small are refused, and the upload goes on")
    func rules() async throws {
        try await withStore { store in
            let upload = try await store.createUpload(bucket: "goods", key: "k", options: UploadOptions()).name
            let small = try await store.putPart(of: upload, number: 1, bytes: bytes("small"))
            let last = try await store.putPart(of: upload, number: 10_000, bytes: bytes("last"))
            func complete(_ parts: [(Int, String)], _ options: CompleteOptions = CompleteOptions()) async
                -> ObjectStoreError.Code?
            {
                let named = parts.map { CompletedPart(number: $0.0, etag: $0.1) }
                return await code { try await store.completeUpload(upload, parts: named, options: options) }
            }
            #expect(await complete([]) == .invalidArgument)
            #expect(await complete([(1, small.etag), (10_000, last.etag)]) == .partTooSmall)
            #expect(await complete([(10_000, last.etag), (1, small.etag)]) == .invalidPartOrder)
            #expect(await complete([(1, small.etag), (1, small.etag)]) == .invalidPartOrder)
            #expect(await complete([(2, small.etag)]) == .invalidPart)
            #expect(await complete([(1, last.etag)]) == .invalidPart)
            #expect(await complete([(1, small.etag)], CompleteOptions(expectedBytes: 6)) == .sizeMismatch)
            try await store.put(bucket: "goods", key: "k", bytes: bytes("there"))
            let fresh = CompleteOptions(condition: WriteCondition(ifNoneMatch: true))
            #expect(await complete([(1, small.etag)], fresh) == .preconditionFailed)
            for number in [0, 10_001, -1] {
                let refused = await code { try await store.putPart(of: upload, number: number, bytes: bytes("x")) }
                #expect(refused == .invalidArgument)
            }
            #expect(try await store.text("k") == "there")
            #expect(await complete([(10_000, last.etag)]) == nil)
            #expect(try await store.text("k") == "last")
            #expect(contentAndStaging(store.directory).count == 1)
        }
    }

    @Test("completing again gets the same answer, until the object is another one")
    func completeTwice() async throws {
        try await withStore { store in
            let upload = try await store.createUpload(bucket: "goods", key: "k", options: UploadOptions()).name
            let part = try await store.putPart(of: upload, number: 1, bytes: bytes("x"))
            let named = [CompletedPart(number: 1, etag: part.etag)]
            // At once, as a client does that gave up waiting for the first answer.
            let etags = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await store.completeUpload(upload, parts: named, options: CompleteOptions()).etag
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(etags.count == 1)
            #expect(contentAndStaging(store.directory).count == 1)
            #expect(await code { try await store.putPart(of: upload, number: 1, bytes: bytes("y")) } == .noSuchUpload)
            #expect(await code { try await store.abortUpload(upload) } == .noSuchUpload)
            try await store.put(bucket: "goods", key: "k", bytes: bytes("another"))
            let late = await code { try await store.completeUpload(upload, parts: named, options: CompleteOptions()) }
            #expect(late == .noSuchUpload)
        }
    }

    @Test("a completion is remembered for a day from then on, however old the upload, and no longer")
    func completedLongAgo() async throws {
        try await withStore { store in
            func complete(_ upload: UploadName) async -> ObjectStoreError.Code? {
                let named = [CompletedPart(number: 1, etag: "9dd4e461268c8034f5c8564e155c67a6")]
                return await code { try await store.completeUpload(upload, parts: named, options: CompleteOptions()) }
            }
            func age(_ upload: UploadName) throws {
                try store.index.database.write { database in
                    try database.execute(
                        sql: "UPDATE upload SET initiated = initiated - 86400001 WHERE id = ?", arguments: [upload.id])
                }
            }
            var uploads: [UploadName] = []
            for key in ["first", "second", "under way"] {
                let upload = try await store.createUpload(bucket: "goods", key: key, options: UploadOptions()).name
                try await store.putPart(of: upload, number: 1, bytes: bytes("x"))
                try age(upload)
                uploads.append(upload)
            }
            #expect(await complete(uploads[0]) == nil)
            try await store.sweep()
            #expect(await complete(uploads[0]) == nil)
            try age(uploads[0])
            #expect(await complete(uploads[0]) == nil)
            #expect(await complete(uploads[1]) == nil)
            #expect(await complete(uploads[0]) == .noSuchUpload)
            #expect(try await store.uploads(bucket: "goods").uploads.map(\.name) == [uploads[2]])
        }
    }

    @Test("an aborted upload leaves nothing, also of the part that is streaming in")
    func abort() async throws {
        try await withStore { store in
            let upload = try await store.createUpload(bucket: "goods", key: "k", options: UploadOptions()).name
            try await store.putPart(of: upload, number: 1, bytes: bytes("x"))
            let aborting = body([bytes("late")]) { try await store.abortUpload(upload) }
            let late = await code {
                try await store.putPart(of: upload, number: 2, body: aborting, expecting: BodyExpectations())
            }
            #expect(late == .noSuchUpload)
            #expect(contentAndStaging(store.directory).isEmpty)
            #expect(await code { try await store.parts(of: upload, after: 0, limit: 1) } == .noSuchUpload)
            #expect(await code { try await store.abortUpload(upload) } == .noSuchUpload)
        }
    }

    @Test("a part is copied from an object, whole or a range of it")
    func copyPart() async throws {
        try await withStore { store in
            let source = ObjectName(bucket: "goods", key: "source")
            let info = try await store.put(bucket: "goods", key: "source", bytes: bytes("0123456789"))
            let upload = try await store.createUpload(
                bucket: "goods", key: "k", options: UploadOptions(checksum: .sha256)
            ).name
            let part = try await store.copyPart(
                of: upload, number: 1, from: source, range: .bounded(first: 2, last: 4), sourceETag: info.etag)
            #expect(part.size == 3 && part.checksum?.algorithm == .sha256)
            let refused = await code {
                try await store.copyPart(of: upload, number: 2, from: source, range: nil, sourceETag: "0")
            }
            #expect(refused == .preconditionFailed)
            let named = [CompletedPart(number: 1, etag: part.etag)]
            let object = try await store.completeUpload(upload, parts: named, options: CompleteOptions())
            #expect(object.checksum?.kind == .composite)
            #expect(try await store.text("k") == "234")
        }
    }

    @Test("parts and uploads are listed in pages")
    func listings() async throws {
        try await withStore { store in
            var names: [UploadName] = []
            for key in ["a", "b/1", "b/1", "b/2", "c"] {
                names.append(try await store.createUpload(bucket: "goods", key: key, options: UploadOptions()).name)
            }
            names.sort { ($0.key, $0.id) < ($1.key, $1.id) }
            for limit in 1...6 {
                var seen: [UploadName] = []
                var after: UploadMarker?
                repeat {
                    let page = try await store.uploads(
                        bucket: "goods", prefix: "", delimiter: nil, after: after, limit: limit)
                    #expect(page.uploads.count <= limit)
                    seen += page.uploads.map(\.name)
                    after = page.next
                } while after != nil
                #expect(seen == names)
            }
            let folders = try await store.uploads(bucket: "goods", delimiter: "/")
            #expect(folders.uploads.map(\.name.key) == ["a", "c"] && folders.commonPrefixes == ["b/"])
            let after = try await store.uploads(bucket: "goods", after: UploadMarker(key: "b/1"))
            #expect(after.uploads.map(\.name.key) == ["b/2", "c"])
            let prefixed = try await store.uploads(
                bucket: "goods", prefix: "b/", after: UploadMarker(key: "a", id: names[0].id))
            #expect(prefixed.uploads.map(\.name.key) == ["b/1", "b/1", "b/2"])

            for number in [1, 2, 3] {
                try await store.putPart(of: names[0], number: number, bytes: bytes("x"))
            }
            let first = try await store.parts(of: names[0], after: 0, limit: 2)
            #expect(first.parts.map(\.number) == [1, 2] && first.hasMore)
            let rest = try await store.parts(of: names[0], after: 2, limit: 2)
            #expect(rest.parts.map(\.number) == [3] && !rest.hasMore)
        }
    }

    @Test("abandoned uploads are dropped by age and prefix, and with their bucket")
    func abandoned() async throws {
        try await withStore { store in
            let old = try await store.createUpload(bucket: "goods", key: "in/old", options: UploadOptions())
            try await store.putPart(of: old.name, number: 1, bytes: bytes("x"))
            let other = try await store.createUpload(bucket: "goods", key: "out/old", options: UploadOptions())
            try await store.putPart(of: other.name, number: 1, bytes: bytes("x"))
            let before = old.initiated
            #expect(try await store.abortUploads(bucket: "goods", prefix: "", initiatedBefore: before) == 0)
            let later = before.addingTimeInterval(60)
            #expect(try await store.abortUploads(bucket: "goods", prefix: "in/", initiatedBefore: later) == 1)
            #expect(try await store.uploads(bucket: "goods").uploads.map(\.name.key) == ["out/old"])
            #expect(contentAndStaging(store.directory).count == 1)
            try await store.deleteBucket("goods")
            #expect(contentAndStaging(store.directory).isEmpty)
        }
    }
}
