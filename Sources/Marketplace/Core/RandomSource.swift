import Foundation

/// Where random bytes come from; injected, so that tests can repeat themselves.
public struct RandomSource: Sendable {
    private let generate: @Sendable (Int) -> [UInt8]

    /// The operating system's cryptographic generator.
    public static let system = RandomSource { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Makes a source from a function that returns as many bytes as it is asked for.
    public init(_ bytes: @escaping @Sendable (Int) -> [UInt8]) {
        generate = bytes
    }

    /// As many random bytes as asked for.
    public func bytes(_ count: Int) -> [UInt8] {
        generate(count)
    }

    /// A string of decimal digits, each equally likely.
    public func digits(_ count: Int) -> String {
        var text = ""
        while text.utf8.count < count {
            // 250 is the largest multiple of ten in a byte: larger ones would favour the low digits.
            for byte in bytes(count) where byte < 250 && text.utf8.count < count {
                text.append(String(byte % 10))
            }
        }
        return text
    }

    /// An unguessable token of the given number of random bytes, in unpadded base64url.
    public func token(bytes count: Int = 32) -> String {
        Data(bytes(count)).base64URL
    }
}

extension Data {
    /// RFC 4648 §5 without padding.
    var base64URL: String {
        base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    init?(base64URL text: String) {
        guard text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "=") })
        else { return nil }
        let standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        self.init(base64Encoded: standard + padding)
    }
}
