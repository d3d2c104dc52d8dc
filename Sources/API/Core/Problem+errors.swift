import HTTPTypes
import Hummingbird
import JobQueue
import Marketplace
import NIOCore
import ObjectStore
import Payments
import RedisClient

extension Problem {
    /// What an error of the layers below means to the client; nil: nothing that it could act on (500).
    init?(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as MarketplaceError: self.init(error)
        case let error as PaymentError: self.init(error)
        case let error as ObjectStoreError: self.init(error)
        case let error as PresignError: self.init(error)
        case is RedisError:
            // The outcome may be unknown; routes that move money say how to repeat.
            self = .unavailable("The database does not answer now.")
        case let error as JobQueueError: self.init(error)
        case let error as HTTPError: self.init(error)
        case is NIOTooManyBytesError: self = .tooLarge(limit: 1 << 20)
        default: return nil
        }
    }

    private init(_ error: MarketplaceError) {
        let status: HTTPResponse.Status =
            switch error.category {
            case .invalid: .unprocessableContent
            case .unauthenticated: .unauthorized
            case .forbidden: .forbidden
            case .notFound: .notFound
            case .conflict: .conflict
            case .preconditionFailed: .preconditionFailed
            case .gone: .gone
            case .declined: .paymentRequired
            case .rateLimited: .tooManyRequests
            case .tooLarge: .contentTooLarge
            case .unavailable: .serviceUnavailable
            }
        self.init(status, error.code, error.detail)
        errors = error.fields.map { Field(pointer: $0.pointer, code: $0.code, detail: $0.detail) }
        info = error.info
        if let wait = error.retryAfter {
            headers[.retryAfter] = String(max(1, wait.components.seconds + (wait.components.attoseconds > 0 ? 1 : 0)))
        } else if error.category == .unavailable {
            headers[.retryAfter] = "1"
        }
        if error.category == .unauthenticated {
            headers[.wwwAuthenticate] = "Bearer"
        }
    }

    private init?(_ error: PaymentError) {
        switch error.code {
        case .declined:
            self.init(.paymentRequired, "card_declined", error.decline?.message ?? error.message)
            info["decline_code"] = error.decline?.declineCode ?? error.decline?.code
        case .invalidCard:
            self = .invalid("/card" + (error.parameter.map { "/\($0)" } ?? ""), "invalid_card", error.message)
        case .invalidRequest:
            self = .invalid("/payment_method", error.providerCode ?? "invalid", error.message)
        case .notFound:
            self = .invalid("/payment_method", "unknown_payment_method", error.message)
        case .unavailable, .unknownOutcome, .inFlight:
            self = .unavailable("The payment provider does not answer now. Repeat with the same Idempotency-Key.")
        case .invalidSignature, .malformedEvent:
            self.init(.badRequest, "invalid_signature", "The event is not signed as it should be.")
        default:
            // Our keys or our use of the provider are wrong: for operators, not for clients.
            return nil
        }
    }

    private init?(_ error: ObjectStoreError) {
        switch error.code {
        case .noSuchBucket, .noSuchKey, .invalidKey, .invalidBucket: self = .notFound
        case .tooLarge:
            self.init(.contentTooLarge, "body_too_large", "The body has more bytes than allowed.")
            closesConnection = true
        case .sizeMismatch:
            self = .invalid("", "size_mismatch", "The body has not as many bytes as announced.")
            closesConnection = true
        case .checksumMismatch:
            self = .invalid("", "checksum_mismatch", "The body's SHA-256 is not the announced one.")
        case .preconditionFailed:
            self.init(.preconditionFailed, "object_exists", "The object was stored already; it is written once.")
            closesConnection = true
        case .invalidRange:
            self.init(.rangeNotSatisfiable, "range_not_satisfiable", "The object has no such bytes.")
            headers[.contentRange] = "bytes */\(error.size ?? 0)"
        case .outOfSpace, .closed:
            self = .unavailable("The store takes nothing now.")
            closesConnection = true
        default: return nil
        }
    }

    private init?(_ error: JobQueueError) {
        switch error.code {
        case .memoryFull, .unavailable, .outcomeUnknown, .redis: self = .unavailable("The queue takes nothing now.")
        default: return nil
        }
    }

    private init(_ error: PresignError) {
        switch error {
        case .malformed, .forged:
            self.init(.forbidden, "signature_invalid", "The URL is not one that this server signed for this request.")
        case .expired:
            self.init(.forbidden, "url_expired", "The URL's time has passed: ask for a new one.")
        }
        closesConnection = true
    }

    private init(_ error: HTTPError) {
        let code: String =
            switch error.status {
            case .notFound: "not_found"
            case .methodNotAllowed: "method_not_allowed"
            case .contentTooLarge: "body_too_large"
            case .unauthorized: "unauthenticated"
            case .forbidden: "forbidden"
            default: error.status.kind == .serverError ? "internal" : "bad_request"
            }
        self.init(error.status, code, error.body ?? error.status.reasonPhrase)
        headers = error.headers
    }
}
