import Crypto
public import Foundation

/// Signs and verifies webhook bodies: `t=<seconds>,v1=<hex HMAC-SHA256(secret, "<t>.<body>")>`.
///
/// The time is under the signature, so an old delivery cannot be played again later than the tolerance. During a rotation there are two
/// secrets: the sender signs with both (two `v1`), a receiver accepts either, so neither side has to change first.
public struct WebhookSignature: Sendable {
    /// Why a signature was refused.
    public enum Failure: Error, Sendable, Hashable {
        /// The header is not of the form `t=…,v1=…`.
        case malformed
        /// The signature's time is further from now than the tolerance.
        case outsideTolerance
        /// No signature was made over these bytes with one of the secrets.
        case mismatch
    }

    private let keys: [SymmetricKey]
    private let tolerance: TimeInterval

    /// Creates a scheme.
    /// - Parameters:
    ///   - secrets: Shared secrets, the newest first; an empty text is ignored. Without any, nothing verifies.
    ///   - toleranceSeconds: How far a signature's time may lie from now, in either direction.
    public init(secrets: [String], toleranceSeconds: Int = 300) {
        keys = secrets.filter { !$0.isEmpty }.map { SymmetricKey(data: Data($0.utf8)) }
        tolerance = TimeInterval(toleranceSeconds)
    }

    /// Returns the header's value for a body sent at a time, with one `v1` for each secret.
    public func header(for payload: [UInt8], at time: Date) -> String {
        let seconds = Int64(time.timeIntervalSince1970)
        let signed = Self.signedBytes(seconds: String(seconds), payload: payload)
        let signatures = keys.map { key in
            "v1=" + HMAC<SHA256>.authenticationCode(for: signed, using: key).map(Self.hex).joined()
        }
        return (["t=\(seconds)"] + signatures).joined(separator: ",")
    }

    /// Checks a header against the exact bytes of the body; the comparison takes the same time whatever differs.
    public func verify(payload: [UInt8], header: String, now: Date) throws(Failure) {
        var time: String?
        var candidates: [[UInt8]] = []
        for part in header.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard pair.count == 2 else { throw .malformed }
            switch pair[0] {
            case "t":
                guard time == nil else { throw .malformed }
                time = pair[1]
            case "v1":
                guard let bytes = Self.bytes(hex: pair[1]) else { throw .malformed }
                candidates.append(bytes)
            default: continue  // Other schemes may stand beside v1; they prove nothing here.
            }
            // More than a rotation can need: bound the work that an unauthenticated header may ask for.
            guard candidates.count <= 8 else { throw .malformed }
        }
        guard let time, let seconds = Int64(time), !candidates.isEmpty else { throw .malformed }

        let signed = Self.signedBytes(seconds: time, payload: payload)
        var matches = false
        for key in keys {
            for candidate in candidates
            where HMAC<SHA256>.isValidAuthenticationCode(candidate, authenticating: signed, using: key) {
                matches = true
            }
        }
        guard matches else { throw .mismatch }
        guard abs(now.timeIntervalSince1970 - TimeInterval(seconds)) <= tolerance else { throw .outsideTolerance }
    }

    private static func signedBytes(seconds: String, payload: [UInt8]) -> [UInt8] {
        Array(seconds.utf8) + [UInt8(ascii: ".")] + payload
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = Array("0123456789abcdef")
        return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }

    private static func bytes(hex: String) -> [UInt8]? {
        let digits = hex.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
