import Crypto
import Foundation
import GRDB
import NIOCore
import Synchronization
import Testing

@testable import ObjectStore
@testable import S3

@Suite("S3 server")
struct ServerTests {
    @Test("a signed stream with a trailer becomes an object with its checksum, and a damaged one nothing")
    func signedStreamWithTrailer() async throws {
        try await TestServer.run { server in
            try await server.store.createBucket("goods")
            let client = RawClient()
            let headers = [
                "x-amz-decoded-content-length": "9", "x-amz-trailer": "x-amz-checksum-crc64nvme",
                "content-encoding": "aws-chunked,gzip",
            ]
            func put(checksum: String, flip: Bool = false) throws -> String {
                let payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
                let sizes = ["content-length": "999"]
                var (_, seed) = try client.head(
                    "PUT", "/goods/k", headers: headers.merging(sizes) { $1 }, payload: payload)
                let length = try body(client, seed: seed, checksum: checksum, flip: flip).count
                let (head, signature) = try client.head(
                    "PUT", "/goods/k", headers: headers.merging(["content-length": "\(length)"]) { $1 },
                    payload: payload)
                seed = signature
                return try server.exchange(head, body(client, seed: seed, checksum: checksum, flip: flip))
            }
            let good = try put(checksum: "rosUhgp5mIg=")
            #expect(good.hasPrefix("HTTP/1.1 200 "), "\(good)")
            let info = try await server.store.head(bucket: "goods", key: "k")
            #expect(info.checksum == ObjectChecksum(algorithm: .crc64nvme, value: "rosUhgp5mIg="))
            #expect(info.size == 9 && info.headers.contentEncoding == "gzip")
            #expect(try put(checksum: "AAAAAAAAAAA=").contains("<Code>BadDigest</Code>"))
            #expect(try put(checksum: "rosUhgp5mIg=", flip: true).contains("<Code>SignatureDoesNotMatch</Code>"))
            #expect(try await server.store.statistics.contents == 1)
        }
    }

    @Test("a body that ends before its end, by its framing or by its connection, leaves no object")
    func cutBodies() async throws {
        let written = Mutex(0)
        try await TestServer.run(didWrite: { _, _ in written.withLock { $0 += 1 } }) { server in
            try await server.store.createBucket("goods")
            func put(_ body: String, length: Int, hangsUp: Bool = false, isStream: Bool = true) throws -> String {
                var headers = ["content-length": "\(length)"]
                if isStream {
                    headers["x-amz-decoded-content-length"] = "5"
                    headers["x-amz-trailer"] = "x-amz-checksum-crc32"
                }
                let payload = isStream ? "STREAMING-UNSIGNED-PAYLOAD-TRAILER" : SignatureV4.unsignedPayload
                let (head, _) = try RawClient().head("PUT", "/goods/k", headers: headers, payload: payload)
                return try server.exchange(head, Array(body.utf8), hangsUp: hangsUp)
            }
            let whole = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
            // Without the last chunk, its trailer, or the line after it.
            for count in [10, 13, 20, whole.utf8.count - 2] {
                let answer = try put(String(decoding: whole.utf8.prefix(count), as: UTF8.self), length: count)
                #expect(answer.contains("<Code>IncompleteBody</Code>"), "\(count): \(answer)")
            }
            #expect(try !put("5\r\nhel", length: whole.utf8.count, hangsUp: true).contains(" 200 "))
            #expect(try !put("hel", length: 5, hangsUp: true, isStream: false).contains(" 200 "))
            #expect(try await server.store.statistics.contents == 0)
            #expect(try put(whole, length: whole.utf8.count).hasPrefix("HTTP/1.1 200 "))
        }
        // All requests have ended with the server.
        #expect(written.withLock { $0 } == 1)
    }

    @Test("keys that can't be looked up answer 503, and the log says why")
    func failingKeys() async throws {
        struct Broken: AccessKeys {
            struct Failure: Error {}
            func accessKey(id: String) async throws -> AccessKey? { throw Failure() }
        }
        let log = RecordedLog()
        try await TestServer.run(keys: Broken(), logger: log.logger) { server in
            let answer = try server.exchange(RawClient().head("GET", "/").text)
            #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("<Code>ServiceUnavailable</Code>"))
            #expect(!answer.contains("Failure"))
        }
        #expect(log.errors == ["an S3 request failed: Failure()"])
    }

    private func body(_ client: RawClient, seed: String, checksum: String, flip: Bool) throws -> [UInt8] {
        let signer = client.signer
        var previous = seed
        var bytes: [UInt8] = []
        func sign(_ algorithm: String, _ hashes: [String]) -> String {
            previous = signer.signature(
                of: ([algorithm, client.timestamp, client.scope.description, previous] + hashes).joined(separator: "\n")
            )
            return previous
        }
        for chunk in ["123456", "789", ""] {
            let hash = Hex.encode(SHA256.hash(data: Array(chunk.utf8)))
            let signature = sign("AWS4-HMAC-SHA256-PAYLOAD", [SignatureTests.empty, hash])
            bytes += Array("\(String(chunk.utf8.count, radix: 16));chunk-signature=\(signature)\r\n".utf8)
            bytes += Array((flip ? chunk.replacing("8", with: "9") : chunk).utf8)
            bytes += chunk.isEmpty ? [] : Array("\r\n".utf8)
        }
        let line = "x-amz-checksum-crc64nvme:\(checksum)"
        let signature = sign("AWS4-HMAC-SHA256-TRAILER", [Hex.encode(SHA256.hash(data: Array("\(line)\n".utf8)))])
        return bytes + Array("\(line)\r\nx-amz-trailer-signature:\(signature)\r\n\r\n".utf8)
    }

    @Test("requests that are not signed as they must be are refused with S3's codes")
    func refusals() async throws {
        try await TestServer.run { server in
            try await server.store.createBucket("goods")
            func answer(_ client: RawClient, _ change: (inout String) -> Void = { _ in }) throws -> String {
                var (text, _) = try client.head("GET", "/goods", payload: SignatureTests.empty)
                change(&text)
                return try server.exchange(text)
            }
            #expect(try answer(RawClient()).hasPrefix("HTTP/1.1 200 "))
            // Any region is taken: there is only one here.
            #expect(try answer(RawClient(region: "eu-central-1")).hasPrefix("HTTP/1.1 200 "))
            for (minutes, isFine) in [(-14.0, true), (14, true), (-16, false), (16, false)] {
                let text = try answer(RawClient(time: Date(timeIntervalSinceNow: minutes * 60)))
                #expect(text.hasPrefix("HTTP/1.1 200 ") == isFine)
                #expect(text.contains("<Code>RequestTimeTooSkewed</Code>") != isFine)
            }
            var stranger = TestServer.everything
            stranger.id = "AKNOBODY"
            #expect(try answer(RawClient(key: stranger)).contains("<Code>InvalidAccessKeyId</Code>"))
            stranger = TestServer.everything
            stranger.secret = "guessed"
            #expect(try answer(RawClient(key: stranger)).contains("<Code>SignatureDoesNotMatch</Code>"))
            let changes: [(String, String, String)] = [
                ("GET /goods", "GET /goods?prefix=x", "SignatureDoesNotMatch"),
                ("GET /", "DELETE /", "SignatureDoesNotMatch"),
                ("host: test", "host: other", "SignatureDoesNotMatch"),
                ("connection:", "x-amz-meta-x: y\r\nconnection:", "AccessDenied"),
                ("AWS4-HMAC-SHA256 Cred", "AWS4-HMAC-SHA1 Cred", "InvalidRequest"),
                ("/s3/", "/ec2/", "AuthorizationHeaderMalformed"),
                ("x-amz-content-sha256: e3", "x-amz-content-sha256: f3", "SignatureDoesNotMatch"),
                ("x-amz-content-sha256: e", "x-amz-content-sha256: x", "InvalidArgument"),
                ("authorization:", "x-other:", "AccessDenied"),
                ("GET /goods", "GET /goods?X-Amz-Signature=x", "InvalidArgument"),
                ("SignedHeaders=host;", "SignedHeaders=", "AuthorizationHeaderMalformed"),
            ]
            for (old, new, code) in changes {
                let text = try answer(RawClient()) { $0 = $0.replacing(old, with: new, maxReplacements: 1) }
                #expect(text.contains("<Code>\(code)</Code>"), "\(new): \(text)")
            }
        }
    }

    @Test("a body that is not the signed one, or is cut, is refused and leaves nothing")
    func bodies() async throws {
        try await TestServer.run { server in
            try await server.store.createBucket("goods")
            let hash = Hex.encode(SHA256.hash(data: Array("hello".utf8)))
            func put(_ body: String, length: Int? = 5, payload: String = hash) throws -> String {
                let headers = length.map { ["content-length": "\($0)"] } ?? [:]
                let (head, _) = try RawClient().head("PUT", "/goods/k", headers: headers, payload: payload)
                return try server.exchange(head, Array(body.utf8))
            }
            #expect(try put("hallo").contains("<Code>XAmzContentSHA256Mismatch</Code>"))
            #expect(try put("", length: nil).contains("<Code>MissingContentLength</Code>"))
            #expect(try put("x", length: 6 << 30).contains("<Code>EntityTooLarge</Code>"))
            #expect(try await server.store.statistics.contents == 0)
            #expect(try put("hello").hasPrefix("HTTP/1.1 200 "))
            #expect(try await server.store.head(bucket: "goods", key: "k").size == 5)
        }
    }

    @Test("a scoped key reads, lists and writes below its prefix alone")
    func scopes() async throws {
        try await TestServer.run { server in
            for bucket in ["goods", "open", "closed"] {
                try await server.store.createBucket(bucket)
                for key in ["seller/a", "seller2/b"] {
                    try await server.store.put(bucket: bucket, key: key, bytes: ByteBuffer(string: "x"))
                }
            }
            let client = RawClient(key: TestServer.seller)
            func status(_ method: String, _ path: String, _ headers: [String: String] = [:]) throws -> String {
                let fields = method == "PUT" ? headers.merging(["content-length": "0"]) { $1 } : headers
                let answer = try server.exchange(client.head(method, path, headers: fields).text)
                return String(answer.dropFirst(9).prefix(3))
            }
            let service = try server.exchange(client.head("GET", "/").text)
            #expect(service.contains("<Name>goods</Name><") && service.contains("<Name>open</Name><"))
            #expect(!service.contains("closed"))
            let cases: [(String, String, String)] = [
                ("GET", "/goods/seller/a", "200"), ("GET", "/goods/seller2/b", "403"), ("GET", "/goods/other", "403"),
                ("GET", "/goods/seller/missing", "404"), ("GET", "/open/seller2/b", "200"),
                ("GET", "/closed/seller/a", "403"), ("GET", "/missing/seller/a", "403"),
                ("GET", "/goods?prefix=seller/", "200"), ("GET", "/goods?prefix=seller/a", "200"),
                ("GET", "/goods?prefix=seller", "403"), ("GET", "/goods", "403"), ("GET", "/open", "200"),
                ("GET", "/goods?uploads", "403"), ("GET", "/goods?uploads&prefix=seller/", "200"),
                ("PUT", "/goods/seller/new", "200"), ("PUT", "/goods/seller2/new", "403"),
                ("PUT", "/goods/seller/../seller2/new", "200"), ("PUT", "/open/x", "403"),
                ("POST", "/goods/seller2/x?uploads", "403"), ("DELETE", "/goods/seller2/b", "403"),
                ("DELETE", "/goods/seller/a", "204"), ("DELETE", "/goods", "403"), ("PUT", "/goods?cors", "403"),
                ("PUT", "/new-bucket", "403"), ("HEAD", "/goods", "200"), ("HEAD", "/closed", "403"),
            ]
            for (method, path, expected) in cases {
                #expect(try status(method, path) == expected, "\(method) \(path)")
            }
            for (bucket, isDenied) in [("closed", true), ("missing", true), ("goods", false)] {
                // Without a right to the bucket the body isn't even looked at.
                let (head, _) = try client.head("POST", "/\(bucket)?delete", headers: ["content-length": "1"])
                #expect(try server.exchange(head, Array("x".utf8)).contains("<Code>AccessDenied</Code>") == isDenied)
            }
            let source = ["x-amz-copy-source": "/goods/seller2/b"]
            #expect(try status("PUT", "/goods/seller/stolen", source) == "403")
            #expect(
                try await server.store.list(bucket: "goods").objects.map(\.key) == [
                    "seller/../seller2/new", "seller/new", "seller2/b",
                ])
        }
    }

    @Test("whoever is told of writes is told of each of them, once it is durable")
    func didWrite() async throws {
        let seen = Mutex<[String]>([])
        try await TestServer.run(
            didWrite: { info, key in seen.withLock { $0.append("\(key.owner) \(info.key) \(info.size)") } },
            { server in
                try await server.store.createBucket("goods")
                let client = RawClient(key: TestServer.seller)
                let (head, _) = try client.head("PUT", "/goods/seller/a", headers: ["content-length": "2"])
                _ = try server.exchange(head, Array("hi".utf8))
                let source = ["content-length": "0", "x-amz-copy-source": "goods/seller/a"]
                _ = try server.exchange(client.head("PUT", "/goods/seller/b", headers: source).text)
                _ = try server.exchange(client.head("GET", "/goods/seller/b").text)
            })
        #expect(seen.withLock { $0 } == ["seller seller/a 2", "seller seller/b 2"])
    }

    @Test("a copy's source is any key, encoded in any way, and its conditions are its own")
    func copySources() async throws {
        try await TestServer.run { server in
            try await server.store.createBucket("goods")
            func copy(_ source: String, _ more: [String: String] = [:]) throws -> String {
                let headers = ["x-amz-copy-source": source, "content-length": "0"].merging(more) { $1 }
                return String(try server.exchange(RawClient().head("PUT", "/goods/copy", headers: headers).text))
            }
            let keys = ["k", "\u{301}x", "x", "/\u{301}x", "/x", "//", "a%2Fb", "é?+ &", "e\u{301}"]
            for key in keys {
                try await server.store.put(bucket: "goods", key: key, bytes: ByteBuffer(string: "\(Array(key.utf8))"))
            }
            for key in keys {
                let partly = PercentCoding.encode(key, keepingSlashes: true)
                let wholly = PercentCoding.encode("goods/" + key)
                for source in [
                    "goods/\(partly)", "/goods/\(partly)", wholly, "%2F\(wholly)", "\(wholly)?versionId=null",
                ] {
                    #expect(try copy(source).hasPrefix("HTTP/1.1 200 "), "\(source)")
                    let body = try await server.store.get(bucket: "goods", key: "copy").collect(upTo: 100)
                    #expect(String(buffer: body) == "\(Array(key.utf8))", "\(source)")
                }
            }
            for bad in ["", "/", "goods", "goods/", "/goods/", "//goods/k", "goods/%zz", "goods%2F"] {
                #expect(try copy(bad).contains("<Code>InvalidArgument</Code>"), "\(bad)")
            }
            #expect(try copy("goods/k?versionId=1").contains("<Code>NotImplemented</Code>"))
            #expect(try copy("goods/missing").contains("<Code>NoSuchKey</Code>"))
            let etag = try await server.store.head(bucket: "goods", key: "k").etag
            let name = "x-amz-copy-source-if-none-match"
            #expect(try copy("goods/k", [name: etag]).contains("<Code>PreconditionFailed</Code>"))
            #expect(try copy("goods/k", [name: "\"other\""]).hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("an object's answers are S3's, HEAD is GET without its body, and errors of HEAD have none")
    func heads() async throws {
        try await TestServer.run { server in
            try await server.store.createBucket("goods")
            let attributes = ObjectAttributes(contentType: "a/b", metadata: ["x": "y"])
            try await server.store.put(
                bucket: "goods", key: "k", bytes: ByteBuffer(string: "hello"),
                options: PutOptions(attributes: attributes))
            func fields(_ method: String, _ headers: [String: String]) throws -> Set<Substring> {
                let text = try server.exchange(RawClient().head(method, "/goods/k", headers: headers).text)
                let end = try #require(text.range(of: "\r\n\r\n"))
                #expect(method == "GET" || text[end.upperBound...].isEmpty)
                return Set(
                    text[..<end.lowerBound].split(separator: "\r\n").filter {
                        let name = $0.lowercased()
                        return !name.hasPrefix("date:") && !name.hasPrefix("x-amz-request-id:")
                    })
            }
            for headers in [[:], ["range": "bytes=1-2"], ["if-none-match": "\"5d41402abc4b2a76b9719d911017c592\""]] {
                #expect(try fields("GET", headers) == fields("HEAD", headers))
            }
            #expect(try fields("HEAD", [:]).isSuperset(of: ["HTTP/1.1 200 OK", "x-amz-meta-x: y"]))
            #expect(try fields("HEAD", ["if-match": "\"x\""]).contains("HTTP/1.1 412 Precondition Failed"))
        }
    }
}

@Suite("Lifecycle")
struct LifecycleTests {
    @Test("an enabled rule aborts the uploads of its prefix that are older than its days")
    func sweep() async throws {
        try await TestServer.run { server in
            let store = server.store
            try await store.createBucket("goods")
            try await store.changeRules(of: "goods") { rules in
                rules.lifecycle = [
                    AbandonedUploadRule(prefix: "in/", days: 2), AbandonedUploadRule(days: 1, isEnabled: false),
                ]
            }
            for key in ["in/a", "out/b"] {
                _ = try await store.createUpload(bucket: "goods", key: key, options: UploadOptions())
            }
            func sweep(afterHours hours: Double) async throws -> Int {
                let time = Date(timeIntervalSinceNow: hours * 3600)
                return try await UploadSweeper(store: store, logger: quietLogger, now: { time }).sweep()
            }
            #expect(try await sweep(afterHours: 47) == 0)
            #expect(try await sweep(afterHours: 49) == 1)
            #expect(try await store.uploads(bucket: "goods").uploads.map(\.name.key) == ["out/b"])
        }
    }

    @Test("a bucket whose rules can't be read is logged, and does not end the sweep; cancellation does")
    func unreadableRules() async throws {
        try await TestServer.run { server in
            let store = server.store
            for bucket in ["aaa", "bbb"] {
                try await store.createBucket(bucket)
                try await store.changeRules(of: bucket) { $0.lifecycle = [AbandonedUploadRule(days: 1)] }
                _ = try await store.createUpload(bucket: bucket, key: "k", options: UploadOptions())
            }
            try await store.index.database.write { database in
                try database.execute(sql: "UPDATE bucket SET rules = 'none' WHERE name = 'aaa'")
            }
            let log = RecordedLog()
            let time = Date(timeIntervalSinceNow: 2 * 86_400)
            let sweeper = UploadSweeper(store: store, logger: log.logger, now: { time })
            let cancelled = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await sweeper.sweep()
            }
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            #expect(log.errors.isEmpty)
            #expect(try await sweeper.sweep() == 1)
            #expect(log.errors.count == 1)
            #expect(try await store.uploads(bucket: "bbb").uploads.isEmpty)
        }
    }
}
