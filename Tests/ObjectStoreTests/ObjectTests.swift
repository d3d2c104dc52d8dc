import Foundation
import NIOCore
import ObjectStore
import Testing

@Suite("Objects")
struct ObjectTests {
    @Test("an object comes back with its bytes, hashes, type, metadata and time")
    func roundTrip() async throws {
        try await withStore { store in
            let before = Date()
            let options = PutOptions(contentType: "text/plain", metadata: ["colour": "grün"])
            let info = try await store.put(bucket: "goods", key: "a/b.txt", bytes: bytes("hello"), options: options)
            #expect(info.size == 5)
            #expect(info.etag == "5d41402abc4b2a76b9719d911017c592")
            #expect(info.sha256 == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
            let body = try await store.get(bucket: "goods", key: "a/b.txt")
            #expect(body.range == 0..<5)
            #expect(body.info.contentType == "text/plain")
            #expect(body.info.metadata == ["colour": "grün"])
            #expect(abs(body.info.lastModified.timeIntervalSince(before)) < 60)
            #expect(String(buffer: try await body.collect(upTo: 5)) == "hello")
            let head = try await store.head(bucket: "goods", key: "a/b.txt")
            #expect(head.etag == info.etag && head.sha256 == info.sha256 && head.size == 5)
        }
    }

    @Test("an empty object is an object")
    func empty() async throws {
        try await withStore { store in
            let info = try await store.put(bucket: "goods", key: "empty", bytes: ByteBuffer())
            #expect(info.size == 0 && info.etag == "d41d8cd98f00b204e9800998ecf8427e")
            #expect(try await store.text("empty") == "")
        }
    }

    @Test("replacing and deleting collect the content, and a reader of the old version still gets it whole")
    func replaceAndDelete() async throws {
        try await withStore { store in
            try await store.put(bucket: "goods", key: "k", bytes: bytes("old"))
            let reader = try await store.get(bucket: "goods", key: "k")
            try await store.put(bucket: "goods", key: "k", bytes: bytes("newer"))
            #expect(try await store.text("k") == "newer")
            #expect(String(buffer: try await reader.collect(upTo: 10)) == "old")
            #expect(contentAndStaging(store.directory).count == 1)
            #expect(try await store.delete(bucket: "goods", key: "k"))
            #expect(try await store.delete(bucket: "goods", key: "k") == false)
            #expect(contentAndStaging(store.directory).isEmpty)
            #expect(await code { try await store.head(bucket: "goods", key: "k") } == .noSuchKey)
            #expect(await code { try await store.get(bucket: "goods", key: "k") } == .noSuchKey)
        }
    }

    @Test("copies share one content file, which goes with the last of them")
    func copies() async throws {
        try await withStore { store in
            try await store.createBucket("other")
            let options = PutOptions(contentType: "a/b", metadata: ["x": "y"])
            let original = try await store.put(bucket: "goods", key: "k", bytes: bytes("shared"), options: options)
            let name = ObjectName(bucket: "goods", key: "k")
            let copy = try await store.copy(from: name, to: ObjectName(bucket: "other", key: "k2"))
            #expect(copy.etag == original.etag && copy.contentType == "a/b" && copy.metadata == ["x": "y"])
            let attributes = ObjectAttributes(contentType: "c/d")
            let changed = try await store.copy(from: name, to: name, options: CopyOptions(attributes: attributes))
            #expect(changed.contentType == "c/d" && changed.metadata.isEmpty)
            let statistics = try await store.statistics
            #expect(statistics.objects == 2 && statistics.contents == 1 && statistics.contentBytes == 6)
            try await store.delete(bucket: "goods", key: "k")
            #expect(contentAndStaging(store.directory).count == 1)
            #expect(try await store.get(bucket: "other", key: "k2").collect(upTo: 10) == bytes("shared"))
            try await store.delete(bucket: "other", key: "k2")
            #expect(contentAndStaging(store.directory).isEmpty)
            let gone = ObjectName(bucket: "goods", key: "gone")
            #expect(await code { try await store.copy(from: gone, to: name) } == .noSuchKey)
        }
    }

    @Test("what the store says that it holds is what it holds, after puts, replacements, copies and deletions")
    func statistics() async throws {
        try await withStore { store in
            func check(_ objects: Int64, _ objectBytes: Int64, _ contents: Int64, _ contentBytes: Int64) async throws {
                let found = try await store.statistics
                #expect(
                    [found.objects, found.objectBytes, found.contents, found.contentBytes]
                        == [objects, objectBytes, contents, contentBytes])
            }
            try await check(0, 0, 0, 0)
            try await store.put(bucket: "goods", key: "a", bytes: bytes("four"))
            try await store.put(bucket: "goods", key: "b", bytes: bytes("seven77"))
            try await check(2, 11, 2, 11)
            try await store.put(bucket: "goods", key: "a", bytes: bytes("it is longer"))
            try await check(2, 19, 2, 19)
            let name = ObjectName(bucket: "goods", key: "a")
            _ = try await store.copy(from: name, to: ObjectName(bucket: "goods", key: "c"))
            _ = try await store.copy(from: name, to: ObjectName(bucket: "goods", key: "b"))
            _ = try await store.copy(from: name, to: name)
            try await check(3, 36, 1, 12)
            try await store.delete(bucket: "goods", key: "c")
            try await check(2, 24, 1, 12)
            try await store.delete(bucket: "goods", key: "a")
            try await store.delete(bucket: "goods", key: "b")
            try await check(0, 0, 0, 0)
        }
    }

    @Test("a put that must not replace leaves the object that exists")
    func ifNoneMatch() async throws {
        try await withStore { store in
            let options = PutOptions(ifNoneMatch: true)
            try await store.put(bucket: "goods", key: "k", bytes: bytes("first"), options: options)
            let refused = await code {
                try await store.put(bucket: "goods", key: "k", bytes: bytes("second"), options: options)
            }
            #expect(refused == .preconditionFailed)
            // The one that appears while the body streams in wins, too.
            let racing = body([bytes("late")]) {
                try await store.put(bucket: "goods", key: "fresh", bytes: bytes("early"))
            }
            let late = await code { try await store.put(bucket: "goods", key: "fresh", body: racing, options: options) }
            #expect(late == .preconditionFailed)
            #expect(try await store.text("fresh") == "early")
            #expect(contentAndStaging(store.directory).count == 2)
        }
    }

    @Test("a local file has the object's bytes, outlives the object and is given back")
    func localFile() async throws {
        try await withStore { store in
            try await store.put(bucket: "goods", key: "k", bytes: bytes("to be probed"))
            let seen = try await store.withLocalFile(bucket: "goods", key: "k") { path in
                try await store.delete(bucket: "goods", key: "k")
                return try String(contentsOfFile: path, encoding: .utf8)
            }
            #expect(seen == "to be probed")
            try await store.put(bucket: "goods", key: "k", bytes: bytes("x"))
            struct Refusal: Error {}
            await #expect(throws: Refusal.self) {
                try await store.withLocalFile(bucket: "goods", key: "k") { _ in throw Refusal() }
            }
        }
    }

    @Test("buckets are made once, listed, and removed only when empty")
    func buckets() async throws {
        try await withStore { store in
            try await store.createBucket("goods")
            try await store.createBucket("a.bucket-2")
            #expect(try await store.buckets().map(\.name) == ["a.bucket-2", "goods"])
            try await store.put(bucket: "goods", key: "k", bytes: bytes("x"))
            #expect(await code { try await store.deleteBucket("goods") } == .bucketNotEmpty)
            try await store.delete(bucket: "goods", key: "k")
            try await store.deleteBucket("goods")
            #expect(await code { try await store.deleteBucket("goods") } == .noSuchBucket)
            #expect(await code { try await store.put(bucket: "goods", key: "k", bytes: bytes("x")) } == .noSuchBucket)
            #expect(await code { try await store.get(bucket: "goods", key: "k") } == .noSuchBucket)
            #expect(contentAndStaging(store.directory).isEmpty)
        }
    }

    @Test(
        "names that are no bucket's are refused",
        arguments: [
            "", "ab", "Goods", "goods_1", "-goods", "goods-", ".goods", "go..ods", "../goods", "go/ods", "192.168.0.1",
            "gööds", String(repeating: "a", count: 64), "goods\0",
        ])
    func invalidBuckets(name: String) async throws {
        try await withStore { store in
            #expect(await code { try await store.createBucket(name) } == .invalidBucket)
            #expect(await code { try await store.put(bucket: name, key: "k", bytes: bytes("x")) } == .invalidBucket)
        }
    }

    @Test("metadata over 2 KiB and header injection are refused")
    func options() async throws {
        try await withStore { store in
            for options in [
                PutOptions(metadata: ["k": String(repeating: "v", count: 2048)]), PutOptions(metadata: ["a\r\nb": "c"]),
                PutOptions(metadata: ["": "c"]), PutOptions(contentType: "text/html\r\nSet-Cookie: x"),
                PutOptions(contentType: ""),
            ] {
                let refused = await code {
                    try await store.put(bucket: "goods", key: "k", bytes: bytes("x"), options: options)
                }
                #expect(refused == .invalidArgument)
            }
        }
    }
}
