import Foundation
import HTTPTypes
import Hummingbird
import ObjectStore

/// What both versions of the listing ask for.
private struct ListQuery {
    var prefix: String
    var delimiter: String?
    var limit: Int
    /// How names are written: percent-encoded on demand, because XML can't hold every character.
    var encode: (String) -> String
    var encodingType: String?

    init(_ r: S3Request, limit name: String) throws(S3Error) {
        prefix = r.target.value("prefix") ?? ""
        delimiter = r.target.value("delimiter").flatMap { $0.isEmpty ? nil : $0 }
        limit = min(1000, try r.number(name, in: 0...Int(Int32.max), default: 1000))
        encodingType = r.target.value("encoding-type")
        switch encodingType {
        case "url": encode = { PercentCoding.encode($0, keepingSlashes: true) }
        case nil: encode = { $0 }
        default: throw .invalidArgument("Invalid Encoding Method specified in Request: there is url")
        }
        let allowed = r.identity.key.prefixes(bucket: r.bucket)
        guard allowed.contains(where: { prefix.utf8.starts(with: $0.utf8) }) else {
            throw allowed.isEmpty
                ? .accessDenied()
                : .accessDenied("This key may list only below a prefix: \(allowed.joined(separator: ", "))")
        }
    }
}

extension S3Responder {
    func listV1(_ r: S3Request) async throws -> Response {
        let query = try ListQuery(r, limit: "max-keys")
        let marker = r.target.value("marker") ?? ""
        let page = try await page(r, query, after: marker.isEmpty ? nil : marker)
        return .xml(
            XMLWriter.document("ListBucketResult") { xml in
                xml.element("Name", r.bucket)
                xml.element("Prefix", query.encode(query.prefix))
                xml.element("Marker", query.encode(marker))
                xml.element("NextMarker", page.nextStartAfter.map(query.encode))
                xml.element("MaxKeys", Int64(query.limit))
                xml.element("Delimiter", query.delimiter.map(query.encode))
                xml.element("EncodingType", query.encodingType)
                xml.element("IsTruncated", page.nextStartAfter != nil)
                xml.page(page, query.encode, owner: r.identity.key.owner)
            })
    }

    func listV2(_ r: S3Request) async throws -> Response {
        let query = try ListQuery(r, limit: "max-keys")
        let token = r.target.value("continuation-token")
        let startAfter = r.target.value("start-after")
        var after = startAfter.flatMap { $0.isEmpty ? nil : $0 }
        if let token {
            guard let bytes = Hex.decode(token), let key = String(validating: bytes, as: UTF8.self) else {
                throw S3Error.invalidArgument("The continuation token provided is incorrect")
            }
            after = key
        }
        let page = try await page(r, query, after: after)
        return .xml(
            XMLWriter.document("ListBucketResult") { xml in
                xml.element("Name", r.bucket)
                xml.element("Prefix", query.encode(query.prefix))
                xml.element("Delimiter", query.delimiter.map(query.encode))
                xml.element("MaxKeys", Int64(query.limit))
                xml.element("EncodingType", query.encodingType)
                xml.element("KeyCount", Int64(page.objects.count + page.commonPrefixes.count))
                xml.element("IsTruncated", page.nextStartAfter != nil)
                xml.element("ContinuationToken", token)
                // Hexadecimal, so that no client has to encode it.
                xml.element("NextContinuationToken", page.nextStartAfter.map { Hex.encode($0.utf8) })
                xml.element("StartAfter", startAfter.map(query.encode))
                let owner = r.target.value("fetch-owner") == "true" ? r.identity.key.owner : nil
                xml.page(page, query.encode, owner: owner)
            })
    }

    private func page(_ r: S3Request, _ query: ListQuery, after: String?) async throws -> ObjectListing {
        // A page of nothing still says whether the bucket exists.
        let page = try await store.list(
            bucket: r.bucket, prefix: query.prefix, delimiter: query.delimiter, startAfter: after,
            limit: max(1, query.limit))
        return query.limit == 0 ? ObjectListing() : page
    }

    func listUploads(_ r: S3Request) async throws -> Response {
        let query = try ListQuery(r, limit: "max-uploads")
        let key = r.target.value("key-marker") ?? ""
        let id = r.target.value("upload-id-marker").flatMap { $0.isEmpty ? nil : $0 }
        let marker = key.isEmpty ? nil : UploadMarker(key: key, id: id)
        let page = try await store.uploads(
            bucket: r.bucket, prefix: query.prefix, delimiter: query.delimiter, after: marker,
            limit: max(1, query.limit))
        return .xml(
            XMLWriter.document("ListMultipartUploadsResult") { xml in
                xml.element("Bucket", r.bucket)
                xml.element("KeyMarker", query.encode(key))
                xml.element("UploadIdMarker", id ?? "")
                xml.element("NextKeyMarker", page.next.map { query.encode($0.key) })
                xml.element("NextUploadIdMarker", page.next?.id)
                xml.element("Prefix", query.encode(query.prefix))
                xml.element("Delimiter", query.delimiter.map(query.encode))
                xml.element("EncodingType", query.encodingType)
                xml.element("MaxUploads", Int64(query.limit))
                xml.element("IsTruncated", page.next != nil)
                for upload in page.uploads {
                    xml.element("Upload") { xml in
                        xml.element("Key", query.encode(upload.name.key))
                        xml.element("UploadId", upload.name.id)
                        xml.owner("Initiator", upload.initiator)
                        xml.owner("Owner", upload.initiator)
                        xml.element("StorageClass", "STANDARD")
                        xml.element("Initiated", upload.initiated.s3Timestamp)
                        xml.element("ChecksumAlgorithm", upload.checksum?.rawValue)
                        xml.element("ChecksumType", upload.checksum.map { _ in upload.checksumKind.rawValue })
                    }
                }
                for prefix in page.commonPrefixes {
                    xml.element("CommonPrefixes") { $0.element("Prefix", query.encode(prefix)) }
                }
            })
    }
}

extension XMLWriter {
    fileprivate mutating func page(_ page: ObjectListing, _ encode: (String) -> String, owner: String?) {
        for object in page.objects {
            element("Contents") { xml in
                xml.element("Key", encode(object.key))
                xml.element("LastModified", object.lastModified.s3Timestamp)
                xml.element("ETag", "\"\(object.etag)\"")
                xml.element("ChecksumAlgorithm", object.checksum?.algorithm.rawValue)
                xml.element("ChecksumType", object.checksum?.kind.rawValue)
                xml.element("Size", object.size)
                xml.element("StorageClass", "STANDARD")
                if let owner {
                    xml.owner("Owner", owner)
                }
            }
        }
        for prefix in page.commonPrefixes {
            element("CommonPrefixes") { $0.element("Prefix", encode(prefix)) }
        }
    }
}
