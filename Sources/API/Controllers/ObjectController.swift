import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import Marketplace
import Metrics
import NIOCore
import ObjectStore

/// Bytes by presigned URL, and public pictures.
struct ObjectController {
    let environment: APIEnvironment

    private var marketplace: Marketplace { environment.marketplace }
    private var objects: any ObjectStore { environment.marketplace.objects }

    func add(to router: some RouterMethods<APIContext>) {
        router.put("o/{bucket}/**", use: put)
        router.get("o/{bucket}/**", use: get)
        router.get("v1/media/{upload}/{file}", use: media)
    }

    @Sendable private func put(_ request: Request, _ context: APIContext) async throws -> Response {
        let info = try await environment.transfers.upload { try await store(request, context) }
        environment.transfers.uploadBytes.increment(by: info.size)
        return Response(status: .ok, headers: [.eTag: "\"\(info.etag)\""])
    }

    private func store(_ request: Request, _ context: APIContext) async throws -> ObjectInfo {
        let name = try objectName(request, context)
        let constraints = try await verify(request, name, method: "PUT")
        if let type = constraints.contentType, request.headers[.contentType] != type {
            throw closing(.invalid("#header/Content-Type", "content_type_mismatch", "The URL was signed for \(type)."))
        }
        let limit = constraints.exactBytes ?? constraints.maximumBytes
        let declared = request.headers[.contentLength].flatMap { Int64($0) }
        if let declared, let limit, declared > limit {
            throw Problem.tooLarge(limit: limit)
        }
        if let declared, let exact = constraints.exactBytes, declared != exact {
            throw closing(.invalid("#header/Content-Length", "size_mismatch", "Exactly \(exact) bytes were announced."))
        }
        if name.bucket == Uploads.bucket {
            _ = try await marketplace.uploads.admit(objectKey: name.key)
        }
        try await request.sendContinueIfExpected(context)
        let options = PutOptions(
            contentType: constraints.contentType ?? request.headers[.contentType] ?? "application/octet-stream",
            maximumBytes: limit, expectedBytes: constraints.exactBytes ?? declared,
            expectedSHA256: constraints.sha256, ifNoneMatch: true)
        return try await objects.put(
            bucket: name.bucket, key: name.key, body: LimitedBody(body: request.body, limit: limit), options: options)
    }

    @Sendable private func get(_ request: Request, _ context: APIContext) async throws -> Response {
        let name = try objectName(request, context)
        _ = try await verify(request, name, method: "GET")
        let info = try await objects.head(bucket: name.bucket, key: name.key)
        var headers: HTTPFields = [
            .eTag: "\"\(info.etag)\"", .cacheControl: "private, no-store", .acceptRanges: "bytes",
        ]
        guard EntityTag.noneMatchHolds(request.headers, tag: info.etag) else {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = info.contentType
        headers[.contentDisposition] = "attachment"
        let wanted = request.headers[.range].flatMap { ByteRangeRequest(header: $0) }
        let range = EntityTag.rangeHolds(request.headers, tag: info.etag) ? wanted : nil
        let object = try await objects.get(bucket: name.bucket, key: name.key, range: range)
        return Response.bytes(of: object, isPartial: range != nil, headers: headers, on: context.channel)
    }

    @Sendable private func media(_ request: Request, _ context: APIContext) async throws -> Response {
        let upload = try context.parameter("upload")
        let file = try context.parameter("file")
        guard Identifier.isValid(upload, .upload), Self.isPicture(file) else { throw Problem.notFound }
        let object = try await objects.get(bucket: Uploads.mediaBucket, key: "\(upload)/\(file)", range: nil)
        let headers: HTTPFields = [
            .eTag: "\"\(object.info.etag)\"", .cacheControl: "public, max-age=31536000, immutable",
            .contentType: object.info.contentType,
        ]
        guard EntityTag.noneMatchHolds(request.headers, tag: object.info.etag) else {
            return Response(status: .notModified, headers: headers)
        }
        return Response.bytes(of: object, isPartial: false, headers: headers, on: context.channel)
    }

    /// `<width>.webp` or `<width>.jpg`.
    private static func isPicture(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...5).contains(parts[0].count) else { return false }
        return parts[0].allSatisfy(\.isASCIIDigit) && (parts[1] == "webp" || parts[1] == "jpg")
    }

    private func verify(
        _ request: Request, _ name: ObjectName, method: String
    ) async throws -> PresignConstraints {
        try await marketplace.signer.verify(
            method: method, bucket: name.bucket, key: name.key, query: request.uri.query ?? "",
            now: marketplace.clock.now)
    }

    /// Bucket and key of `/o/<bucket>/<key>`; the key is everything after, its slashes included.
    private func objectName(_ request: Request, _ context: APIContext) throws(Problem) -> ObjectName {
        let parts = request.uri.path.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true)
        guard parts.count == 3, let key = String(parts[2]).removingPercentEncoding, !key.isEmpty else {
            throw Problem.notFound
        }
        return ObjectName(bucket: String(parts[1]), key: key)
    }

    private func closing(_ problem: Problem) -> Problem {
        var problem = problem
        problem.closesConnection = true
        return problem
    }
}

extension Response {
    /// The bytes of an open object, 200 or 206.
    static func bytes(
        of object: ObjectBody, isPartial: Bool, headers: HTTPFields, on channel: any Channel
    ) -> Response {
        var headers = headers
        if isPartial {
            let range = object.range
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.info.size)"
        }
        return Response(
            status: isPartial ? .partialContent : .ok, headers: headers,
            body: object.responseBody(on: channel))
    }
}
