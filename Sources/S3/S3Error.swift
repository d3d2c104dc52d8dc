import HTTPTypes
import ObjectStore

/// An answer that says no, with S3's code.
struct S3Error: Error, Sendable {
    var status: HTTPResponse.Status
    var code: String
    var message: String
    /// Further elements of the answer, in order.
    var details: [(name: String, value: String)] = []
    var headers: HTTPFields = [:]
    /// What is behind it, for the log alone.
    var cause: (any Error)?

    init(_ status: HTTPResponse.Status, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    static func invalidArgument(_ message: String) -> S3Error { S3Error(.badRequest, "InvalidArgument", message) }

    static func invalidRequest(_ message: String) -> S3Error { S3Error(.badRequest, "InvalidRequest", message) }

    static func accessDenied(_ message: String = "Access Denied") -> S3Error {
        S3Error(.forbidden, "AccessDenied", message)
    }

    static func notImplemented(_ what: String) -> S3Error {
        S3Error(.notImplemented, "NotImplemented", "This server does not implement \(what).")
    }

    static let malformedXML = S3Error(
        .badRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate.")

    static let incompleteBody = S3Error(
        .badRequest, "IncompleteBody", "You did not provide the number of bytes that the headers announce.")

    static let preconditionFailed = S3Error(
        .preconditionFailed, "PreconditionFailed", "At least one of the preconditions you specified did not hold.")
}

extension S3Error {
    /// What an error of the store means in S3's words; others are internal.
    init(_ error: ObjectStoreError) {
        switch error.code {
        case .noSuchBucket: self.init(.notFound, "NoSuchBucket", "The specified bucket does not exist.")
        case .noSuchKey: self.init(.notFound, "NoSuchKey", "The specified key does not exist.")
        case .noSuchUpload:
            self.init(
                .notFound, "NoSuchUpload",
                "The specified upload does not exist: its id is wrong, or it was completed or aborted.")
        case .bucketNotEmpty: self.init(.conflict, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
        case .invalidBucket: self.init(.badRequest, "InvalidBucketName", "The specified bucket is not valid.")
        case .invalidKey: self.init(.badRequest, "KeyTooLongError", "Your key is too long: it has 1 to 1024 bytes.")
        case .invalidPart: self.init(.badRequest, "InvalidPart", "A part you named is wrong: \(error.message).")
        case .invalidPartOrder: self.init(.badRequest, "InvalidPartOrder", "The list of parts was not ascending.")
        case .partTooSmall: self.init(.badRequest, "EntityTooSmall", "Too small: \(error.message).")
        case .invalidArgument: self = .invalidArgument(error.message)
        case .tooLarge: self.init(.badRequest, "EntityTooLarge", "Your upload exceeds the maximum: \(error.message).")
        case .sizeMismatch: self = .incompleteBody
        case .checksumMismatch:
            self.init(
                .badRequest, "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.")
        case .digestMismatch:
            self.init(.badRequest, "BadDigest", "A checksum you specified did not match: \(error.message).")
        case .preconditionFailed: self = .preconditionFailed
        case .invalidRange:
            self.init(.rangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable.")
            details = [("ActualObjectSize", String(error.size ?? 0))]
            headers[.contentRange] = "bytes */\(error.size ?? 0)"
        case .outOfSpace, .closed:
            self.init(.serviceUnavailable, "SlowDown", "The store takes nothing now. Please try again later.")
        default: self.init(.internalServerError, "InternalError", "We encountered an internal error. Please try again.")
        }
    }
}
