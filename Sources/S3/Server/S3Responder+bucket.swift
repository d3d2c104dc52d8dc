import Foundation
import HTTPTypes
import Hummingbird
import ObjectStore

extension S3Responder {
    private static let unsupportedOfBucket: Set<String> = [
        "abac", "accelerate", "acl", "analytics", "encryption", "intelligent-tiering", "inventory", "logging",
        "metadataConfiguration", "metadataTable", "metrics", "notification", "object-lock", "ownershipControls",
        "policy", "policyStatus", "publicAccessBlock", "replication", "requestPayment", "session", "tagging",
        "versioning", "versions", "website",
    ]

    func answerBucket(_ r: S3Request) async throws -> Response {
        if let name = r.target.query.first(where: { Self.unsupportedOfBucket.contains($0.name) })?.name {
            throw S3Error.notImplemented("the '\(name)' of buckets")
        }
        switch r.request.method {
        case .get where r.target.has("location"): return try await location(r)
        case .get where r.target.has("uploads"): return try await listUploads(r)
        case .get where r.target.has("cors"): return try await getCORS(r)
        case .get where r.target.has("lifecycle"): return try await getLifecycle(r)
        case .get where r.target.value("list-type") == "2": return try await listV2(r)
        case .get: return try await listV1(r)
        case .head:
            try await requireBucket(r)
            var headers: HTTPFields = [:]
            headers.set("x-amz-bucket-region", region)
            return Response(status: .ok, headers: headers)
        case .put where r.target.has("cors"): return try await putCORS(r)
        case .put where r.target.has("lifecycle"): return try await putLifecycle(r)
        case .put: return try await createBucket(r)
        case .delete where r.target.has("cors"): return try await changeRules(r) { $0.cors = [] }
        case .delete where r.target.has("lifecycle"): return try await changeRules(r) { $0.lifecycle = [] }
        case .delete:
            try administer(r)
            try await store.deleteBucket(r.bucket)
            return Response(status: .noContent)
        case .post where r.target.has("delete"): return try await deleteMany(r)
        case .post: throw S3Error.notImplemented("POST policies")
        default: throw Self.methodNotAllowed
        }
    }

    func listBuckets(_ r: S3Request) async throws -> Response {
        let buckets = try await store.buckets().filter { r.identity.key.allows(bucket: $0.name) }
        return .xml(
            XMLWriter.document("ListAllMyBucketsResult") { xml in
                xml.owner("Owner", r.identity.key.owner)
                xml.element("Buckets") { xml in
                    for bucket in buckets {
                        xml.element("Bucket") { xml in
                            xml.element("Name", bucket.name)
                            xml.element("CreationDate", bucket.created.s3Timestamp)
                        }
                    }
                }
            })
    }

    /// Answers 200 also where the bucket exists, as S3's first region does.
    private func createBucket(_ r: S3Request) async throws -> Response {
        try administer(r)
        try r.refuseUnsupportedHeaders()
        let body = try await r.collect(upTo: 64 << 10)
        if !body.isEmpty {
            _ = try XMLNode.parse(body, root: "CreateBucketConfiguration")
        }
        try await store.createBucket(r.bucket)
        return Response(status: .ok, headers: [.location: "/\(r.bucket)"])
    }

    private func location(_ r: S3Request) async throws -> Response {
        try await requireBucket(r)
        let region = region == "us-east-1" ? "" : region
        return .xml(
            "\(XMLWriter().text)<LocationConstraint xmlns=\"\(XMLWriter.namespace)\">\(region)</LocationConstraint>")
    }

    func administer(_ r: S3Request) throws(S3Error) {
        guard r.identity.key.administers(bucket: r.bucket) else { throw .accessDenied() }
    }

    /// Throws unless the bucket exists and the key may see it.
    func requireBucket(_ r: S3Request) async throws {
        guard r.identity.key.allows(bucket: r.bucket) else { throw S3Error.accessDenied() }
        _ = try await store.rules(of: r.bucket)
    }

    func changeRules(
        _ r: S3Request, _ change: @escaping @Sendable (inout BucketRules) -> Void
    ) async throws -> Response {
        try administer(r)
        try await store.changeRules(of: r.bucket, change)
        return Response(status: r.request.method == .delete ? .noContent : .ok)
    }

    // MARK: Delete of many

    private func deleteMany(_ r: S3Request) async throws -> Response {
        guard r.identity.key.allows(bucket: r.bucket) else { throw S3Error.accessDenied() }
        // A thousand keys of 1,024 bytes, each of them an escape of three to six characters, are far below.
        let bytes = try await r.collect(upTo: 8 << 20)
        let hasDigest = ["content-md5", "x-amz-trailer"].contains { r.headers.value($0) != nil }
        guard try r.checksumHeader() != nil || hasDigest else {
            throw S3Error.invalidRequest("Missing required header for this request: Content-MD5 or a checksum")
        }
        let document = try XMLNode.parse(bytes, root: "Delete")
        let objects = document.all("Object")
        guard (1...1000).contains(objects.count) else { throw S3Error.malformedXML }
        let isQuiet = document.text("Quiet") == "true"
        var keys: [String] = []
        var errors: [(key: String, error: S3Error)] = []
        for object in objects {
            guard let key = object.text("Key") else { throw S3Error.malformedXML }
            if let version = object.text("VersionId"), version != "null" {
                errors.append((key, .notImplemented("versions")))
            } else if object.first("ETag") != nil || object.first("LastModifiedTime") != nil {
                errors.append((key, .notImplemented("conditional deletes of many objects")))
            } else if !(1...1024).contains(key.utf8.count) {
                errors.append((key, S3Error(ObjectStoreError(.invalidKey, ""))))
            } else if !r.identity.key.allows(.readWrite, bucket: r.bucket, key: key) {
                errors.append((key, .accessDenied()))
            } else {
                keys.append(key)
            }
        }
        try await store.delete(bucket: r.bucket, keys: keys)
        return .xml(
            XMLWriter.document("DeleteResult") { xml in
                for key in isQuiet ? [] : keys {
                    xml.element("Deleted") { $0.element("Key", key) }
                }
                for (key, error) in errors {
                    xml.element("Error") { xml in
                        xml.element("Key", key)
                        xml.element("Code", error.code)
                        xml.element("Message", error.message)
                    }
                }
            })
    }
}

extension XMLWriter {
    mutating func owner(_ name: String, _ owner: String) {
        element(name) { xml in
            xml.element("ID", owner)
            xml.element("DisplayName", owner)
        }
    }
}

extension Date {
    /// As S3's XML has times: RFC 3339 in UTC with milliseconds.
    var s3Timestamp: String {
        formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
