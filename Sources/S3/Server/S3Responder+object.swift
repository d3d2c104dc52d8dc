import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import ObjectStore

extension S3Responder {
    private static let unsupportedOfObject: Set<String> = [
        "acl", "attributes", "legal-hold", "renameObject", "restore", "retention", "select", "tagging", "torrent",
        "encryption", "versions",
    ]

    func answerObject(_ r: S3Request) async throws -> Response {
        if let name = r.target.query.first(where: { Self.unsupportedOfObject.contains($0.name) })?.name {
            throw S3Error.notImplemented("the '\(name)' of objects")
        }
        if let version = r.target.value("versionId"), version != "null" {
            throw S3Error.notImplemented("versions")
        }
        let isPart = r.target.has("uploadId")
        switch r.request.method {
        case .get where isPart: return try await listParts(r)
        case .get, .head: return try await getObject(r)
        case .put where isPart: return try await putPart(r)
        case .put where r.headers.value("x-amz-copy-source") != nil: return try await copyObject(r)
        case .put: return try await putObject(r)
        case .post where r.target.has("uploads"): return try await createUpload(r)
        case .post where isPart: return try await completeUpload(r)
        case .delete where isPart: return try await abortUpload(r)
        case .delete: return try await deleteObject(r)
        default: throw Self.methodNotAllowed
        }
    }

    // MARK: Reading

    private func getObject(_ r: S3Request) async throws -> Response {
        try r.authorize(.read)
        guard !r.target.has("partNumber") else { throw S3Error.notImplemented("reading single parts") }
        let isHead = r.request.method == .head
        var wanted = r.headers[.range].flatMap { ByteRangeRequest(header: $0) }
        // An object may be replaced between the look at its conditions and its opening: then again.
        for _ in 0..<16 {
            var info: ObjectInfo?
            if isHead || r.headers[.ifRange] != nil || Conditions.exist(in: r.headers) {
                let current = try await store.head(bucket: r.bucket, key: r.key)
                if let answer = try Conditions.answer(r.headers, current) { return answer }
                if !Conditions.rangeHolds(r.headers, current) {
                    wanted = nil
                }
                info = current
            }
            if isHead, let info {
                return try head(info, wanted, r)
            }
            let object = try await store.get(bucket: r.bucket, key: r.key, range: wanted)
            if let info, info.etag != object.info.etag || info.lastModified != object.info.lastModified {
                continue
            }
            return get(object, isPartial: wanted != nil, r)
        }
        throw Self.replacedMeanwhile
    }

    static let replacedMeanwhile = S3Error(
        .conflict, "OperationAborted", "The object is being replaced at this moment. Please try again.")

    private func head(_ info: ObjectInfo, _ wanted: ByteRangeRequest?, _ r: S3Request) throws -> Response {
        var headers = headers(for: info, r, isPartial: wanted != nil)
        guard let wanted else {
            headers[.contentLength] = String(info.size)
            return Response(status: .ok, headers: headers)
        }
        guard let range = wanted.resolve(size: info.size) else {
            throw ObjectStoreError(.invalidRange, "", size: info.size)
        }
        headers[.contentLength] = String(range.count)
        headers[.contentRange] = Self.contentRange(range, info.size)
        return Response(status: .partialContent, headers: headers)
    }

    private func get(_ object: ObjectBody, isPartial: Bool, _ r: S3Request) -> Response {
        var headers = headers(for: object.info, r, isPartial: isPartial)
        if isPartial {
            headers[.contentRange] = Self.contentRange(object.range, object.info.size)
        }
        return Response(
            status: isPartial ? .partialContent : .ok, headers: headers, body: object.responseBody(on: r.channel))
    }

    private static func contentRange(_ range: Range<Int64>, _ size: Int64) -> String {
        "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
    }

    private func headers(for info: ObjectInfo, _ r: S3Request, isPartial: Bool) -> HTTPFields {
        var headers: HTTPFields = [
            .eTag: "\"\(info.etag)\"", .lastModified: HTTPDate.text(info.lastModified), .acceptRanges: "bytes",
            .contentType: info.contentType,
        ]
        headers[.cacheControl] = info.headers.cacheControl
        headers[.contentDisposition] = info.headers.contentDisposition
        headers[.contentEncoding] = info.headers.contentEncoding
        headers[.contentLanguage] = info.headers.contentLanguage
        headers[.expires] = info.headers.expires
        for (name, value) in info.metadata {
            headers.set("x-amz-meta-\(name)", value)
        }
        // Of the whole object, so it would be wrong for a part of its bytes.
        if let checksum = info.checksum, !isPartial, r.headers.value("x-amz-checksum-mode") == "ENABLED" {
            headers.set(checksum.algorithm.header, checksum.value)
            headers.set("x-amz-checksum-type", checksum.kind.rawValue)
        }
        let overrides: [HTTPField.Name] = [
            .contentType, .contentLanguage, .expires, .cacheControl, .contentDisposition, .contentEncoding,
        ]
        for name in overrides {
            if let value = r.target.value("response-\(name.canonicalName)") {
                headers[name] = value
            }
        }
        return headers
    }

    // MARK: Writing

    private func putObject(_ r: S3Request) async throws -> Response {
        try r.authorize(.readWrite)
        let (body, expectations) = try r.payload()
        let options = PutOptions(
            attributes: try r.attributes(), expectations: expectations, condition: try r.writeCondition())
        try await r.sendContinueIfExpected()
        let info = try await store.put(bucket: r.bucket, key: r.key, body: body, options: options)
        try await didWrite(info, r.identity.key)
        var headers: HTTPFields = [.eTag: "\"\(info.etag)\""]
        if let checksum = info.checksum {
            headers.set(checksum.algorithm.header, checksum.value)
            headers.set("x-amz-checksum-type", checksum.kind.rawValue)
        }
        return Response(status: .ok, headers: headers)
    }

    private func deleteObject(_ r: S3Request) async throws -> Response {
        try r.authorize(.readWrite)
        try await store.delete(
            bucket: r.bucket, key: r.key, ifMatch: r.headers[.ifMatch].map(S3Request.unquoted))
        return Response(status: .noContent)
    }

    private func copyObject(_ r: S3Request) async throws -> Response {
        try r.authorize(.readWrite)
        let source = try await CopySource(r, store)
        var options = CopyOptions(sourceETag: source.etag, condition: try r.writeCondition())
        switch r.headers.value("x-amz-metadata-directive") ?? "COPY" {
        case "COPY":
            guard source.name.bucket != r.bucket || !source.name.key.utf8.elementsEqual(r.key.utf8) else {
                throw S3Error.invalidRequest(
                    "This copy request is illegal because it is trying to copy an object to itself without changing "
                        + "the object's metadata.")
            }
            // Looked at for what is refused.
            _ = try r.attributes()
        case "REPLACE": options.attributes = try r.attributes()
        default: throw S3Error.invalidArgument("x-amz-metadata-directive is COPY or REPLACE")
        }
        guard (r.headers.value("x-amz-tagging-directive") ?? "COPY") == "COPY" else {
            throw S3Error.notImplemented("tagging")
        }
        let destination = ObjectName(bucket: r.bucket, key: r.key)
        let info = try await store.copy(from: source.name, to: destination, options: options)
        try await didWrite(info, r.identity.key)
        return .xml(
            XMLWriter.document("CopyObjectResult") { xml in
                xml.element("LastModified", info.lastModified.s3Timestamp)
                xml.element("ETag", "\"\(info.etag)\"")
                xml.checksum(info.checksum)
            })
    }
}

extension XMLWriter {
    mutating func checksum(_ checksum: ObjectChecksum?) {
        guard let checksum else { return }
        element("Checksum\(checksum.algorithm.rawValue)", checksum.value)
        element("ChecksumType", checksum.kind.rawValue)
    }
}
