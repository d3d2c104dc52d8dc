import Foundation
import NIOCore
import ObjectStore
import Testing

@testable import S3

/// What docs/object-store.md says of the protocol, where no real client asks for it.
@Suite("What is supported")
struct SupportTests {
    @Test("what is not supported says so, and changes nothing")
    func refused() async throws {
        try await TestServer.run { server in
            try await server.store.createBucket("goods")
            try await server.store.put(bucket: "goods", key: "k", bytes: ByteBuffer(string: "hello"))
            let client = RawClient()
            func code(_ method: String, _ path: String, _ headers: [String: String] = [:]) throws -> String {
                let fields = ["content-length": "0"].merging(headers) { $1 }
                let answer = try server.exchange(client.head(method, path, headers: fields).text)
                let start = answer.range(of: "<Code>")?.upperBound
                return start.map { String(answer[$0...].prefix { $0 != "<" }) } ?? String(answer.prefix(12))
            }
            let ofBuckets = [
                "acl", "policy", "versioning", "tagging", "encryption", "notification", "website", "versions",
                "replication", "logging", "object-lock", "publicAccessBlock",
            ]
            for name in ofBuckets {
                #expect(try code("GET", "/goods?\(name)") == "NotImplemented", "\(name)")
            }
            for name in ["acl", "tagging", "attributes", "retention", "legal-hold", "partNumber=1", "versionId=1"] {
                #expect(try code("GET", "/goods/k?\(name)") == "NotImplemented", "\(name)")
            }
            for name in ["select", "restore"] {
                #expect(try code("POST", "/goods/k?\(name)") == "NotImplemented", "\(name)")
            }
            #expect(try code("POST", "/goods") == "NotImplemented")
            let headers = [
                "x-amz-acl": "public-read", "x-amz-tagging": "a=b", "x-amz-write-offset-bytes": "5",
                "x-amz-server-side-encryption": "AES256", "x-amz-server-side-encryption-customer-key": "x",
                "if-none-match": "\"x\"", "x-amz-object-lock-mode": "GOVERNANCE",
            ]
            for (name, value) in headers {
                #expect(try code("PUT", "/goods/k", [name: value]) == "NotImplemented", "\(name)")
            }
            #expect(try code("GET", "/goods", ["x-amz-security-token": "x"]) == "InvalidToken")
            let (text, _) = try client.head("GET", "/goods")
            for algorithm in ["AWS4-ECDSA-P256-SHA256", "AWS"] {
                let answer = try server.exchange(text.replacing("AWS4-HMAC-SHA256", with: algorithm))
                #expect(answer.contains("<Code>InvalidRequest</Code>"), "\(algorithm)")
            }
            #expect(try await server.store.head(bucket: "goods", key: "k").size == 5)
        }
    }

    @Test("buckets may be made again; metadata has its limit; deletes and ranges have their conditions")
    func supported() async throws {
        try await TestServer.run { server in
            let client = RawClient()
            func answer(
                _ method: String, _ path: String, _ headers: [String: String] = [:], body: String = ""
            ) throws -> String {
                let fields = ["content-length": "\(body.utf8.count)"].merging(headers) { $1 }
                return try server.exchange(client.head(method, path, headers: fields).text, Array(body.utf8))
            }
            func status(_ method: String, _ path: String, _ headers: [String: String] = [:]) throws -> String {
                String(try answer(method, path, headers).dropFirst(9).prefix(3))
            }
            for _ in 0..<2 {
                #expect(try status("PUT", "/goods") == "200")
            }
            #expect(try status("PUT", "/goods/k", ["x-amz-acl": "private", "x-amz-meta-x": text(2047)]) == "200")
            #expect(try answer("PUT", "/goods/k", ["x-amz-meta-x": text(2048)]).contains("<Code>MetadataTooLarge<"))
            let info = try await server.store.put(bucket: "goods", key: "k", bytes: ByteBuffer(string: "hello"))
            // A range counts only where the object is still the one that it was asked of.
            let time = HTTPDate.text(info.lastModified)
            let conditions = [
                ("\"\(info.etag)\"", true), ("\"x\"", false), (time, true), (HTTPDate.text(Date.distantPast), false),
            ]
            for (condition, holds) in conditions {
                let got = try answer("GET", "/goods/k", ["range": "bytes=1-2", "if-range": condition])
                #expect(got.hasPrefix(holds ? "HTTP/1.1 206 " : "HTTP/1.1 200 "), "\(condition)")
                #expect(got.hasSuffix(holds ? "\r\n\r\nel" : "\r\n\r\nhello"), "\(condition)")
            }
            #expect(try status("GET", "/goods/k", ["range": "bytes=5-"]) == "416")
            #expect(try status("GET", "/goods/k", ["range": "bytes=5-", "if-range": "\"x\""]) == "200")
            #expect(try answer("GET", "/goods?list-type=2&fetch-owner=true").contains("<Owner><ID>operator</ID>"))
            #expect(try answer("GET", "/goods?encoding-type=url&prefix=%C3%A9").contains("<Prefix>%C3%A9</Prefix>"))
            // A delete of many takes no conditions, and says so of each object that has one.
            let delete =
                "<Delete><Object><Key>k</Key><ETag>x</ETag></Object><Object><Key>gone</Key></Object></Delete>"
            let sum = ChecksumAlgorithm.crc32.checksum(of: Array(delete.utf8))
            let many = try answer(
                "POST", "/goods?delete", ["x-amz-checksum-crc32": Data(sum).base64EncodedString()], body: delete)
            #expect(many.contains("<Error><Key>k</Key><Code>NotImplemented</Code>"), "\(many)")
            #expect(many.contains("<Deleted><Key>gone</Key></Deleted>"))
            #expect(try status("DELETE", "/goods/k", ["if-match": "\"x\""]) == "412")
            #expect(try status("DELETE", "/goods") == "409")
            #expect(try status("DELETE", "/goods/k", ["if-match": "\"\(info.etag)\""]) == "204")
            #expect(try status("POST", "/goods/k?uploads") == "200")
            #expect(try status("DELETE", "/goods") == "204")
        }
    }

    private func text(_ count: Int) -> String {
        String(repeating: "a", count: count)
    }

    @Test("a part that is sent to an upload that is gone is refused before its body is asked for, and after")
    func goneUploads() async throws {
        try await TestServer.run { server in
            try await server.store.createBucket("goods")
            let client = RawClient()
            let path = "/goods/k?partNumber=1&uploadId=gone"
            let patient = ["content-length": "5", "expect": "100-continue"]
            let asked = try server.exchange(client.head("PUT", path, headers: patient).text)
            #expect(asked.hasPrefix("HTTP/1.1 404 ") && asked.contains("<Code>NoSuchUpload</Code>"))
            let sent = try server.exchange(
                client.head("PUT", path, headers: ["content-length": "5"]).text, Array("hello".utf8))
            #expect(sent.contains("<Code>NoSuchUpload</Code>"))
        }
    }
}
