import HTTPTypes
import Hummingbird

/// Tells of each request and of its answer.
struct CountingResponder: HTTPResponder {
    typealias Context = S3Context

    let responder: S3Responder
    let didBegin: @Sendable () -> Void
    let didAnswer: @Sendable (S3Answer) -> Void

    func respond(to request: Request, context: S3Context) async throws -> Response {
        let start = ContinuousClock.now
        didBegin()
        let response = try await responder.respond(to: request, context: context)
        didAnswer(
            S3Answer(
                method: request.method.rawValue,
                operation: Self.operation(
                    request.method, S3Target(request.head.path ?? ""),
                    isCopy: request.headers.value("x-amz-copy-source") != nil),
                status: response.status.code, elapsed: .now - start))
        return response
    }

    /// The operation's name in S3's API; there are as many as this function has.
    static func operation(_ method: HTTPRequest.Method, _ target: S3Target?, isCopy: Bool) -> String {
        guard let target else { return "Unknown" }
        if method == .options { return "Preflight" }
        guard target.bucket != nil else { return method == .get ? "ListBuckets" : "Unknown" }
        return target.key == nil ? bucketOperation(method, target) : objectOperation(method, target, isCopy)
    }

    private static func bucketOperation(_ method: HTTPRequest.Method, _ target: S3Target) -> String {
        switch method {
        case .get where target.has("location"): "GetBucketLocation"
        case .get where target.has("uploads"): "ListMultipartUploads"
        case .get where target.has("cors"): "GetBucketCors"
        case .get where target.has("lifecycle"): "GetBucketLifecycleConfiguration"
        case .get where target.value("list-type") == "2": "ListObjectsV2"
        case .get: "ListObjects"
        case .head: "HeadBucket"
        case .put where target.has("cors"): "PutBucketCors"
        case .put where target.has("lifecycle"): "PutBucketLifecycleConfiguration"
        case .put: "CreateBucket"
        case .delete where target.has("cors"): "DeleteBucketCors"
        case .delete where target.has("lifecycle"): "DeleteBucketLifecycle"
        case .delete: "DeleteBucket"
        case .post where target.has("delete"): "DeleteObjects"
        default: "Unknown"
        }
    }

    private static func objectOperation(_ method: HTTPRequest.Method, _ target: S3Target, _ isCopy: Bool) -> String {
        let isPart = target.has("uploadId")
        return switch method {
        case .get where isPart: "ListParts"
        case .get: "GetObject"
        case .head: "HeadObject"
        case .put where isPart: isCopy ? "UploadPartCopy" : "UploadPart"
        case .put: isCopy ? "CopyObject" : "PutObject"
        case .post where target.has("uploads"): "CreateMultipartUpload"
        case .post where isPart: "CompleteMultipartUpload"
        case .delete where isPart: "AbortMultipartUpload"
        case .delete: "DeleteObject"
        default: "Unknown"
        }
    }
}
