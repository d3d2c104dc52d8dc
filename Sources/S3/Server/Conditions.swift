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

    /// The conditions of a copy on its source, as those of a read.
    static func ofSource(_ headers: HTTPFields) -> HTTPFields {
        var conditions: HTTPFields = [:]
        for name: HTTPField.Name in [.ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince] {
            conditions[name] = headers.value("x-amz-copy-source-\(name.canonicalName)")
        }
        return conditions
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
    /// The ETag that the source had when its conditions held, which the copy is held to; nil without conditions.
    let etag: String?

    init(_ r: S3Request, _ store: any ObjectStore) async throws {
        guard let name = try Self.name(r.headers.value("x-amz-copy-source") ?? "") else {
            throw S3Error.invalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
        }
        try r.authorize(.read, bucket: name.bucket, key: name.key)
        let conditions = Conditions.ofSource(r.headers)
        if conditions.isEmpty {
            etag = nil
        } else {
            let info = try await store.head(bucket: name.bucket, key: name.key)
            guard try Conditions.answer(conditions, info) == nil else { throw S3Error.preconditionFailed }
            etag = info.etag
        }
        self.name = name
    }

    /// Byte by byte: a key may begin with a combining character, which Swift would take for a part of the slash.
    static func name(_ text: String) throws(S3Error) -> ObjectName? {
        let halves = text.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count < 2 || halves[1].elementsEqual("versionId=null".utf8) else {
            throw .notImplemented("versions")
        }
        guard let path = PercentCoding.decode(halves[0]) else { return nil }
        let isRooted = path.utf8.first == UInt8(ascii: "/")
        let parts = path.utf8.dropFirst(isRooted ? 1 : 0)
            .split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return ObjectName(
            bucket: String(decoding: parts[0], as: UTF8.self), key: String(decoding: parts[1], as: UTF8.self))
    }
}
