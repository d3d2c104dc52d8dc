import NIOCore
import ObjectStore
import Testing

@Suite("Conditional writes and attributes")
struct ConditionTests {
    @Test("a write that expects an object replaces that one alone")
    func ifMatch() async throws {
        try await withStore { store in
            let first = try await store.put(bucket: "goods", key: "k", bytes: bytes("first"))
            func put(_ text: String, ifMatch: String) async -> ObjectStoreError.Code? {
                let options = PutOptions(attributes: ObjectAttributes(), condition: WriteCondition(ifMatch: ifMatch))
                return await code {
                    try await store.put(bucket: "goods", key: "k", bytes: bytes(text), options: options)
                }
            }
            #expect(await put("second", ifMatch: first.etag) == nil)
            #expect(await put("third", ifMatch: first.etag) == .preconditionFailed)
            #expect(await put("fourth", ifMatch: "*") == nil)
            #expect(try await store.text("k") == "fourth")
            try await store.delete(bucket: "goods", key: "k")
            #expect(await put("fifth", ifMatch: "*") == .noSuchKey)
            #expect(contentAndStaging(store.directory).isEmpty)
        }
    }

    @Test("copies and deletes take conditions, too")
    func copyAndDelete() async throws {
        try await withStore { store in
            let source = ObjectName(bucket: "goods", key: "source")
            let target = ObjectName(bucket: "goods", key: "target")
            let info = try await store.put(bucket: "goods", key: "source", bytes: bytes("s"))
            func copy(_ options: CopyOptions) async -> ObjectStoreError.Code? {
                await code { try await store.copy(from: source, to: target, options: options) }
            }
            #expect(await copy(CopyOptions(sourceETag: "0")) == .preconditionFailed)
            #expect(await copy(CopyOptions(condition: WriteCondition(ifMatch: "*"))) == .noSuchKey)
            let fresh = CopyOptions(sourceETag: info.etag, condition: WriteCondition(ifNoneMatch: true))
            #expect(await copy(fresh) == nil)
            #expect(await copy(fresh) == .preconditionFailed)
            let wrong = await code { try await store.delete(bucket: "goods", key: "target", ifMatch: "0") }
            #expect(wrong == .preconditionFailed)
            #expect(try await store.delete(bucket: "goods", key: "target", ifMatch: info.etag))
            #expect(await code { try await store.delete(bucket: "goods", key: "target", ifMatch: "*") } == .noSuchKey)
        }
    }

    @Test("many objects go in one step, and each answers for itself")
    func deleteMany() async throws {
        try await withStore { store in
            for key in ["a", "b", "c"] {
                try await store.put(bucket: "goods", key: key, bytes: bytes(key))
            }
            #expect(try await store.delete(bucket: "goods", keys: ["c", "x", "a", "a"]) == [true, false, true, false])
            #expect(try await store.list(bucket: "goods").objects.map(\.key) == ["b"])
            #expect(contentAndStaging(store.directory).count == 1)
        }
    }

    @Test("header fields are kept, copied and replaced, and hold no line break")
    func headers() async throws {
        try await withStore { store in
            let headers = ContentHeaders(
                cacheControl: "no-cache", contentDisposition: "attachment; filename*=UTF-8''%C3%BC",
                contentEncoding: "gzip", contentLanguage: "de", expires: "Wed, 21 Oct 2026 07:28:00 GMT")
            let attributes = ObjectAttributes(contentType: "a/b", metadata: ["x": "y"], headers: headers)
            let name = ObjectName(bucket: "goods", key: "k")
            let options = PutOptions(attributes: attributes)
            try await store.put(bucket: "goods", key: "k", bytes: bytes("x"), options: options)
            #expect(try await store.head(bucket: "goods", key: "k").headers == headers)
            try await store.copy(from: name, to: name)
            #expect(try await store.head(bucket: "goods", key: "k").headers == headers)
            let bare = CopyOptions(attributes: ObjectAttributes())
            let replaced = try await store.copy(from: name, to: name, options: bare)
            #expect(replaced.headers == ContentHeaders() && replaced.metadata.isEmpty)
            let bad = ObjectAttributes(headers: ContentHeaders(cacheControl: "a\r\nSet-Cookie: b"))
            let refused = await code {
                try await store.put(bucket: "goods", key: "k", bytes: bytes("x"), options: PutOptions(attributes: bad))
            }
            #expect(refused == .invalidArgument)
        }
    }
}

@Suite("Bucket rules")
struct BucketRulesTests {
    @Test("rules are kept with the bucket, and changed without losing each other's change")
    func rules() async throws {
        try await withStore { store in
            #expect(try await store.rules(of: "goods") == BucketRules())
            try await withThrowingTaskGroup { group in
                for number in 0..<8 {
                    group.addTask {
                        try await store.changeRules(of: "goods") { $0.lifecycle.append(.init(days: number)) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(Set(try await store.rules(of: "goods").lifecycle.map(\.days)) == Set(0..<8))
            #expect(await code { try await store.rules(of: "nowhere") } == .noSuchBucket)
        }
    }
}
