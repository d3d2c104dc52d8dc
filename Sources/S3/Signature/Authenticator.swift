import Foundation
import HTTPTypes

/// Who asks, and how the body is to be checked.
struct Identity: Sendable {
    var key: AccessKey
    var payload: Payload
    /// The signer of the request, for the chunks of a signed stream.
    var signer: SignatureV4.Signer
    /// The signature of the request, which the first chunk's goes on from.
    var seed: String

    /// What `x-amz-content-sha256` says.
    enum Payload: Sendable, Equatable {
        case unsigned
        /// The body's SHA-256 in lower-case hex.
        case sha256(String)
        /// `aws-chunked`.
        case stream(isSigned: Bool, hasTrailer: Bool)
    }
}

/// Finds out who signed a request, by Signature Version 4.
struct Authenticator: Sendable {
    /// How far the clocks may be apart, as at S3.
    static let tolerance: TimeInterval = 15 * 60

    let keys: any AccessKeys
    /// The time.
    let now: @Sendable () -> Date

    func identify(_ head: HTTPRequest, _ target: S3Target) async throws -> Identity {
        let signed = try SignedRequest(head, target)
        try checkTime(signed)
        guard target.value("X-Amz-Security-Token") == nil, head.headerFields.value("x-amz-security-token") == nil else {
            throw S3Error(.badRequest, "InvalidToken", "The provided token is malformed: there are no session tokens.")
        }
        let (payload, hash) = try payload(head.headerFields, signed)
        let headers = try headers(head, signed)
        guard let key = try await accessKey(signed.keyID) else {
            throw S3Error(
                .forbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        }
        let signer = SignatureV4.Signer(secret: key.secret, scope: signed.scope, time: signed.time)
        let canonical = SignatureV4.canonicalRequest(
            method: head.method.rawValue, path: target.canonicalPath,
            query: target.query.filter { $0.name != "X-Amz-Signature" }, headers: headers, payload: hash)
        let text = signer.stringToSign(canonicalRequest: canonical)
        guard SignatureV4.areEqual(signer.signature(of: text), signed.signature) else {
            throw mismatch(signed, text, canonical)
        }
        return Identity(key: key, payload: payload, signer: signer, seed: signed.signature)
    }

    private func accessKey(_ id: String) async throws -> AccessKey? {
        do {
            return try await keys.accessKey(id: id)
        } catch let error as CancellationError {
            throw error
        } catch {
            var failure = S3Error(
                .serviceUnavailable, "ServiceUnavailable", "The access keys can't be read now. Please try again later.")
            failure.cause = error
            throw failure
        }
    }

    private func checkTime(_ signed: SignedRequest) throws(S3Error) {
        guard let time = SignatureTime.date(signed.time) else { return }
        let age = now().timeIntervalSince(time)
        guard let lifetime = signed.lifetime else {
            guard abs(age) <= Self.tolerance else {
                var error = S3Error(
                    .forbidden, "RequestTimeTooSkewed",
                    "The difference between the request time and the current time is too large.")
                error.details = [
                    ("RequestTime", signed.time), ("ServerTime", now().formatted(.iso8601)),
                    ("MaxAllowedSkewMilliseconds", String(Int(Self.tolerance * 1000))),
                ]
                throw error
            }
            return
        }
        guard age >= -Self.tolerance else { throw .accessDenied("Request is not valid yet") }
        guard age < Double(lifetime) else { throw .accessDenied("Request has expired") }
    }

    private func payload(
        _ headers: HTTPFields, _ signed: SignedRequest
    ) throws(S3Error) -> (Identity.Payload, hash: String) {
        guard let value = headers.value("x-amz-content-sha256") else {
            guard signed.lifetime != nil else {
                throw .invalidRequest("Missing required header for this request: x-amz-content-sha256")
            }
            return (.unsigned, SignatureV4.unsignedPayload)
        }
        switch value {
        case SignatureV4.unsignedPayload: return (.unsigned, value)
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": return (.stream(isSigned: true, hasTrailer: false), value)
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": return (.stream(isSigned: true, hasTrailer: true), value)
        case "STREAMING-UNSIGNED-PAYLOAD-TRAILER": return (.stream(isSigned: false, hasTrailer: true), value)
        default:
            guard value.utf8.count == 64, value.allSatisfy(\.isHexDigit) else {
                throw .invalidArgument(
                    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                        + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-UNSIGNED-PAYLOAD-TRAILER or a valid "
                        + "SHA-256 in hex")
            }
            return (.sha256(value.lowercased()), value)
        }
    }

    /// The fields that are signed; every `x-amz-` field must be one of them, as each of them changes what is done.
    private func headers(
        _ head: HTTPRequest, _ signed: SignedRequest
    ) throws(S3Error) -> [(name: String, value: String)] {
        let unsigned = Set(head.headerFields.map { $0.name.canonicalName }.filter { $0.hasPrefix("x-amz-") })
            .subtracting(signed.signedHeaders)
        guard unsigned.isEmpty else {
            var error = S3Error.accessDenied("There were headers present in the request which were not signed")
            error.details = [("HeadersNotSigned", unsigned.sorted().joined(separator: ", "))]
            throw error
        }
        return signed.signedHeaders.map { name in
            (name, (name == "host" ? head.authority : head.headerFields.value(name)) ?? "")
        }
    }

    /// With what the server computed, so that the author of a client can compare.
    private func mismatch(_ signed: SignedRequest, _ text: String, _ canonical: String) -> S3Error {
        var error = S3Error(
            .forbidden, "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing "
                + "method.")
        error.details = [
            ("AWSAccessKeyId", signed.keyID), ("StringToSign", text), ("SignatureProvided", signed.signature),
            ("CanonicalRequest", canonical),
        ]
        return error
    }
}
