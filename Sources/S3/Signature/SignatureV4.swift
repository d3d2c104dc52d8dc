import Crypto
import Foundation
import ObjectStore

/// The arithmetic of AWS Signature Version 4, without any rule of who may sign what.
enum SignatureV4 {
    static let algorithm = "AWS4-HMAC-SHA256"
    static let unsignedPayload = "UNSIGNED-PAYLOAD"

    /// Day, region and service that a key is derived for.
    struct Scope: Sendable, Equatable {
        /// `yyyyMMdd`.
        var day: String
        var region: String
        var service = "s3"

        var description: String { "\(day)/\(region)/\(service)/aws4_request" }
    }

    /// A key for one scope, and the moment that it signs.
    struct Signer: Sendable {
        let key: SymmetricKey
        let scope: Scope
        /// `yyyyMMdd'T'HHmmss'Z'`.
        let time: String

        init(secret: String, scope: Scope, time: String) {
            var key = Array("AWS4\(secret)".utf8)
            for part in [scope.day, scope.region, scope.service, "aws4_request"] {
                key = Array(HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: SymmetricKey(data: key)))
            }
            self.key = SymmetricKey(data: key)
            self.scope = scope
            self.time = time
        }

        func signature(of text: String) -> String {
            Hex.encode(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
        }

        func stringToSign(canonicalRequest: String) -> String {
            [algorithm, time, scope.description, Hex.encode(SHA256.hash(data: Array(canonicalRequest.utf8)))]
                .joined(separator: "\n")
        }
    }

    /// The request as both sides write it down.
    ///
    /// - Parameters:
    ///   - path: Percent-encoded once, slashes kept.
    ///   - query: Decoded, in any order, without the signature itself.
    ///   - headers: Lower-case names in ascending order, with their values.
    static func canonicalRequest(
        method: String,
        path: String,
        query: [(name: String, value: String)],
        headers: [(name: String, value: String)],
        payload: String
    ) -> String {
        let pairs = query.map { (PercentCoding.encode($0.name), PercentCoding.encode($0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0.0)=\($0.1)" }
        let lines = headers.map { "\($0.name):\(collapsed($0.value))\n" }
        return [
            method, path, pairs.joined(separator: "&"), lines.joined(), headers.map(\.name).joined(separator: ";"),
            payload,
        ].joined(separator: "\n")
    }

    /// Whether two signatures are equal, in a time that does not tell where they differ.
    static func areEqual(_ first: String, _ second: String) -> Bool {
        guard first.utf8.count == second.utf8.count else { return false }
        return zip(first.utf8, second.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Without spaces around it, and one for several.
    private static func collapsed(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }
}

/// The moments of signatures: `yyyyMMdd'T'HHmmss'Z'`.
enum SignatureTime {
    static func date(_ text: String) -> Date? {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            let digits = bytes[range]
            guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        return Date(timeIntervalSince1970: Double(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second))
    }

    /// Days from 1970-01-01 in the Gregorian calendar; a year begins in March, so that the leap day is its last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let ordinal = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + ordinal - 719_468
    }
}
