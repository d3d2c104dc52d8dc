import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import ObjectStore

/// The conditions of reads, in the order of RFC 9110 §13.2.2.
enum Conditions {
    static func exist(in headers: HTTPFields) -> Bool {
        [.ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince].contains { headers[$0] != nil }
    }

    /// Throws 412 and returns 304; nil where the object is to be sent.
    static func answer(_ headers: HTTPFields, _ info: ObjectInfo) throws(S3Error) -> Response? {
        guard EntityTag.matchHolds(quoted(headers, .ifMatch), tag: info.etag) else { throw .preconditionFailed }
        if headers[.ifMatch] == nil, let time = date(headers[.ifUnmodifiedSince]), seconds(info) > time {
            throw .preconditionFailed
        }
        var isUnchanged = !EntityTag.noneMatchHolds(quoted(headers, .ifNoneMatch), tag: info.etag)
        if headers[.ifNoneMatch] == nil, let time = date(headers[.ifModifiedSince]) {
            isUnchanged = seconds(info) <= time
        }
        guard isUnchanged else { return nil }
        return Response(
            status: .notModified,
            headers: [.eTag: "\"\(info.etag)\"", .lastModified: HTTPDate.text(info.lastModified)])
    }

    /// Whether a range counts: `If-Range` names the object's tag or its time, or is not there.
    static func rangeHolds(_ headers: HTTPFields, _ info: ObjectInfo) -> Bool {
        guard let time = date(headers[.ifRange]) else { return EntityTag.rangeHolds(headers, tag: info.etag) }
        return time == seconds(info)
    }

    /// The conditions of a copy on its source; throws 412.
    static func checkSource(_ headers: HTTPFields, _ info: ObjectInfo) throws(S3Error) {
        var conditions: HTTPFields = [:]
        for name: HTTPField.Name in [.ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince] {
            conditions[name] = headers.value("x-amz-copy-source-\(name.canonicalName)")
        }
        guard try answer(conditions, info) == nil else { throw .preconditionFailed }
    }

    /// Some clients leave the quotes out.
    private static func quoted(_ headers: HTTPFields, _ name: HTTPField.Name) -> HTTPFields {
        guard let value = headers[name], value != "*", !value.contains("\"") else { return headers }
        var headers = headers
        headers[name] = "\"\(value)\""
        return headers
    }

    /// Nil for a date that is none, which is to be ignored.
    private static func date(_ text: String?) -> Date? {
        text.flatMap(HTTPDate.date)
    }

    /// Of a whole second, as `Last-Modified` says it.
    private static func seconds(_ info: ObjectInfo) -> Date {
        Date(timeIntervalSince1970: info.lastModified.timeIntervalSince1970.rounded(.down))
    }
}

/// What `x-amz-copy-source` names: `[/]bucket/key`, percent-encoded.
struct CopySource {
    let name: ObjectName
    /// As it was when its conditions held; the copy is held to its ETag.
    let info: ObjectInfo

    init(_ r: S3Request, _ store: any ObjectStore) async throws {
        let text = r.headers.value("x-amz-copy-source") ?? ""
        let halves = text.split(separator: "?", maxSplits: 1)
        guard halves.count < 2 || halves[1] == "versionId=null" else { throw S3Error.notImplemented("versions") }
        let path = (halves.first ?? "").drop { $0 == "/" }
        guard let slash = path.utf8.firstIndex(of: UInt8(ascii: "/")) ?? path.range(of: "%2F")?.lowerBound,
            let bucket = PercentCoding.decode(path[..<slash].utf8),
            let key = PercentCoding.decode(path[slash...].utf8)?.dropFirst(), !key.isEmpty
        else {
            throw S3Error.invalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
        }
        name = ObjectName(bucket: bucket, key: String(key))
        try r.authorize(.read, bucket: name.bucket, key: name.key)
        info = try await store.head(bucket: name.bucket, key: name.key)
        try Conditions.checkSource(r.headers, info)
    }
}
