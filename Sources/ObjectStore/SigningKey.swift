public import FoundationEssentials

/// One key of a ``KeyRing``.
public struct SigningKey: Sendable, Equatable {
    /// The key's name, which travels with each signature: 1 to 32 of `a-z 0-9`.
    public var kid: String
    /// 32 random bytes.
    ///
    /// Never log them.
    public var secret: [UInt8]
    /// When the key was made; `nil` for one of a build that did not note it.
    public var createdAt: Date?
    /// When another key took its place.
    public var retiredAt: Date?
    /// When the last thing that it signed expires, once it is retired.
    public var verifiesUntil: Date?

    /// Makes a key from stored parts.
    ///
    /// Throws `KeyRingError.malformed` for a name or a length that is not allowed.
    public init(kid: String, secret: [UInt8]) throws {
        let allowed = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        guard (1...32).contains(kid.utf8.count), kid.utf8.allSatisfy(allowed.contains), secret.count == 32 else {
            throw KeyRingError.malformed("a signing key has 32 bytes and a name of 1 to 32 of a-z and 0-9")
        }
        self.kid = kid
        self.secret = secret
    }

    private init(random generator: inout some RandomNumberGenerator, at date: Date) {
        self.kid = "k" + (0..<7).map { _ in Self.alphabet.randomElement(using: &generator) ?? "0" }
        self.secret = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        self.createdAt = date
    }

    /// A new key from the system's generator.
    public static func generate(at date: Date = Date()) -> SigningKey {
        var generator = SystemRandomNumberGenerator()
        return SigningKey(random: &generator, at: date)
    }

    /// Whether anything that the key signed may still be valid.
    public func isNeeded(at now: Date) -> Bool {
        guard let verifiesUntil else { return true }
        return now < verifiesUntil
    }

    private static let alphabet: [Character] = Array("abcdefghjkmnpqrstvwxyz0123456789")
}

/// Why the signing keys can't be used; the description names the file and what to do.
public enum KeyRingError: Error, Sendable, CustomStringConvertible {
    /// The file is not a key ring.
    case malformed(String)
    /// Others than the owner may read or write the file.
    case insecurePermissions(String)
    /// The operating system refused.
    case io(String)
    /// There is no room for another key.
    case full(String)

    /// What is wrong.
    public var description: String {
        switch self {
        case .malformed(let detail): detail
        case .insecurePermissions(let detail): detail
        case .io(let detail): detail
        case .full(let detail): detail
        }
    }
}
