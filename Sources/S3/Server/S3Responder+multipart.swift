import Foundation
import HTTPTypes
import Hummingbird
import ObjectStore

extension S3Responder {
    func createUpload(_ r: S3Request) async throws -> Response {
        try r.authorize(.readWrite)
        var options = UploadOptions(attributes: try r.attributes(), initiator: r.identity.key.owner)
        if let text = r.headers.value("x-amz-checksum-algorithm") {
            guard let algorithm = ChecksumAlgorithm(rawValue: text) else {
                throw S3Error.invalidRequest("Checksum algorithm provided is unsupported: \(text)")
            }
            options.checksum = algorithm
            options.checksumKind = try Self.kind(r.headers.value("x-amz-checksum-type"), algorithm)
        }
        let upload = try await store.createUpload(bucket: r.bucket, key: r.key, options: options)
        var headers: HTTPFields = [:]
        headers.set("x-amz-checksum-algorithm", upload.checksum?.rawValue)
        headers.set("x-amz-checksum-type", upload.checksum.map { _ in upload.checksumKind.rawValue })
        return .xml(
            XMLWriter.document("InitiateMultipartUploadResult") { xml in
                xml.element("Bucket", r.bucket)
                xml.element("Key", r.key)
                xml.element("UploadId", upload.name.id)
            }, headers: headers)
    }

    /// A checksum of all bytes can be a CRC's alone, one of the parts' checksums any but CRC-64's, as at S3.
    private static func kind(_ text: String?, _ algorithm: ChecksumAlgorithm) throws(S3Error) -> ChecksumKind {
        let fallback: ChecksumKind = algorithm == .crc64nvme ? .fullObject : .composite
        guard let text else { return fallback }
        let isHash = algorithm == .sha1 || algorithm == .sha256
        guard let kind = ChecksumKind(rawValue: text), kind == fallback || (kind == .fullObject && !isHash) else {
            throw .invalidRequest(
                "The \(text) checksum type cannot be used with the \(algorithm.rawValue) checksum algorithm.")
        }
        return kind
    }

    private func upload(_ r: S3Request) -> UploadName {
        UploadName(bucket: r.bucket, key: r.key, id: r.target.value("uploadId") ?? "")
    }

    func putPart(_ r: S3Request) async throws -> Response {
        try r.authorize(.readWrite)
        guard r.target.has("partNumber") else { throw S3Error.invalidArgument("partNumber is missing") }
        let number = try r.number("partNumber", in: 1...10_000, default: 0)
        guard r.headers.value("x-amz-copy-source") == nil else { return try await copyPart(r, number) }
        let (body, expectations) = try r.payload()
        if r.headers[.expect] != nil {
            // Before the body is asked for: an upload that is gone is told at once.
            _ = try await store.parts(of: upload(r), after: 10_000, limit: 1)
            try await r.sendContinueIfExpected()
        }
        let part = try await store.putPart(of: upload(r), number: number, body: body, expecting: expectations)
        var headers: HTTPFields = [.eTag: "\"\(part.etag)\""]
        if let checksum = part.checksum {
            headers.set(checksum.algorithm.header, checksum.value)
        }
        return Response(status: .ok, headers: headers)
    }

    private func copyPart(_ r: S3Request, _ number: Int) async throws -> Response {
        let source = try await CopySource(r, store)
        var range: ByteRangeRequest?
        var etag = source.etag
        if let text = r.headers.value("x-amz-copy-source-range") {
            let info = try await store.head(bucket: source.name.bucket, key: source.name.key)
            guard case .bounded(_, let last)? = ByteRangeRequest(header: text), last < info.size else {
                throw S3Error.invalidArgument(
                    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are "
                        + "the zero-based offsets of the first and last bytes to copy, within the source")
            }
            range = ByteRangeRequest(header: text)
            // A shorter object that takes its place would be copied in part.
            etag = etag ?? info.etag
        }
        let part: PartInfo
        do {
            part = try await store.copyPart(
                of: upload(r), number: number, from: source.name, range: range, sourceETag: etag)
        } catch let error as ObjectStoreError where error.code == .preconditionFailed && source.etag == nil {
            throw Self.replacedMeanwhile
        }
        return .xml(
            XMLWriter.document("CopyPartResult") { xml in
                xml.element("LastModified", part.lastModified.s3Timestamp)
                xml.element("ETag", "\"\(part.etag)\"")
                if let checksum = part.checksum {
                    xml.element("Checksum\(checksum.algorithm.rawValue)", checksum.value)
                }
            })
    }

    func completeUpload(_ r: S3Request) async throws -> Response {
        try r.authorize(.readWrite)
        // Ten thousand parts with a checksum each are about two megabytes.
        // A checksum in a header is that of the object, not of this body.
        let document = try XMLNode.parse(
            try await r.collect(upTo: 8 << 20, hasChecksum: false), root: "CompleteMultipartUpload")
        let parts = try document.all("Part").map { node throws(S3Error) in
            guard let number = node.text("PartNumber").flatMap({ Int($0) }), let etag = node.text("ETag") else {
                throw S3Error.malformedXML
            }
            let checksum = ChecksumAlgorithm.allCases.lazy.compactMap { node.text("Checksum\($0.rawValue)") }.first
            return CompletedPart(number: number, etag: S3Request.unquoted(etag), checksum: checksum)
        }
        guard (1...10_000).contains(parts.count) else { throw S3Error.malformedXML }
        let options = CompleteOptions(
            expectedBytes: r.headers.value("x-amz-mp-object-size").flatMap { Int64($0) },
            expectedChecksum: try r.checksumHeader(isComposite: true)?.value, condition: try r.writeCondition())
        let info = try await store.completeUpload(upload(r), parts: parts, options: options)
        try await didWrite(info, r.identity.key)
        return .xml(
            XMLWriter.document("CompleteMultipartUploadResult") { xml in
                xml.element("Location", "http://\(r.request.head.authority ?? "")\(r.target.canonicalPath)")
                xml.element("Bucket", r.bucket)
                xml.element("Key", r.key)
                xml.element("ETag", "\"\(info.etag)\"")
                xml.checksum(info.checksum)
            })
    }

    func abortUpload(_ r: S3Request) async throws -> Response {
        try r.authorize(.readWrite)
        try await store.abortUpload(upload(r))
        return Response(status: .noContent)
    }

    func listParts(_ r: S3Request) async throws -> Response {
        try r.authorize(.read)
        let marker = try r.number("part-number-marker", in: 0...Int(Int32.max), default: 0)
        let limit = min(1000, try r.number("max-parts", in: 0...Int(Int32.max), default: 1000))
        var page = try await store.parts(of: upload(r), after: marker, limit: max(1, limit))
        if limit == 0 {
            page = PartListing(upload: page.upload, parts: [], hasMore: false)
        }
        let isEncoded = r.target.value("encoding-type") == "url"
        return .xml(
            XMLWriter.document("ListPartsResult") { xml in
                xml.element("Bucket", r.bucket)
                xml.element("Key", isEncoded ? PercentCoding.encode(r.key, keepingSlashes: true) : r.key)
                xml.element("UploadId", page.upload.name.id)
                xml.owner("Initiator", page.upload.initiator)
                xml.owner("Owner", page.upload.initiator)
                xml.element("StorageClass", "STANDARD")
                xml.element("PartNumberMarker", Int64(marker))
                xml.element("NextPartNumberMarker", Int64(page.parts.last?.number ?? marker))
                xml.element("MaxParts", Int64(limit))
                xml.element("IsTruncated", page.hasMore)
                xml.element("ChecksumAlgorithm", page.upload.checksum?.rawValue)
                xml.element("ChecksumType", page.upload.checksum.map { _ in page.upload.checksumKind.rawValue })
                for part in page.parts {
                    xml.element("Part") { xml in
                        xml.element("PartNumber", Int64(part.number))
                        xml.element("LastModified", part.lastModified.s3Timestamp)
                        xml.element("ETag", "\"\(part.etag)\"")
                        xml.element("Size", part.size)
                        if let checksum = part.checksum {
                            xml.element("Checksum\(checksum.algorithm.rawValue)", checksum.value)
                        }
                    }
                }
            })
    }
}
