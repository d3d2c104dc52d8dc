import Crypto
import Synchronization

/// One key of a ``KeyRing``.
public struct SigningKey: Sendable, Equatable {
    /// The key's name, which travels with each signature: 1 to 32 of `a-z 0-9`.
    public var kid: String
    /// 32 random bytes.
    ///
    /// Never log them.
    public var secret: [UInt8]

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

    private init(random generator: inout some RandomNumberGenerator) {
        self.kid = "k" + (0..<7).map { _ in Self.alphabet.randomElement(using: &generator) ?? "0" }
        self.secret = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// A new key from the system's generator.
    public static func generate() -> SigningKey {
        var generator = SystemRandomNumberGenerator()
        return SigningKey(random: &generator)
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

    /// What is wrong.
    public var description: String {
        switch self {
        case .malformed(let detail): detail
        case .insecurePermissions(let detail): detail
        case .io(let detail): detail
        }
    }
}

/// A message's code and the name of the key that made it.
public struct KeySignature: Sendable, Equatable {
    /// The key's name.
    public var kid: String
    /// 32 bytes of HMAC-SHA-256.
    public var code: [UInt8]

    /// Makes a signature from received parts.
    public init(kid: String, code: [UInt8]) {
        self.kid = kid
        self.code = code
    }
}

/// The keys that sign URLs and download tokens: the newest signs, all of them verify.
///
/// Verification compares in constant time and needs no I/O, unless the key is unknown: then the file is read again, at
/// most once a second, because another process may have rotated it. Copies share their state.
public struct KeyRing: Sendable {
    private let storage: Storage

    /// A ring in memory, its newest key last.
    ///
    /// Throws `KeyRingError.malformed` when it is empty.
    public init(keys: [SigningKey]) throws {
        guard let newest = keys.last else { throw KeyRingError.malformed("a key ring holds at least one key") }
        self.storage = Storage(file: nil, keys: keys, newest: newest)
    }

    /// Opens the ring in a file, which is created with one new key (mode 0600, atomically) when it is missing.
    ///
    /// Throws ``KeyRingError``, also when others than the owner may read the file. It reads a small file, blocking: call
    /// it at start-up.
    public init(file path: String) throws {
        let file = KeyRingFile(path: path)
        let keys = try file.loadOrCreate()
        guard let newest = keys.last else { throw KeyRingError.malformed("\(path) holds no key") }
        self.storage = Storage(file: file, keys: keys, newest: newest)
    }

    /// Signs with the newest key.
    ///
    /// - Parameters:
    ///   - message: The bytes to sign; fields must be delimited so that two messages never have the same bytes.
    ///   - purpose: What the signature is for ("url", "download"); a signature for one is none for another.
    public func signature(for message: some Sequence<UInt8>, purpose: String) -> KeySignature {
        let key = storage.state.withLock { $0.newest }
        let code = HMAC<SHA256>.authenticationCode(
            for: Self.framed(message, purpose), using: SymmetricKey(data: key.secret))
        return KeySignature(kid: key.kid, code: Array(code))
    }

    /// Whether a key of this ring made the signature for this message and purpose.
    public func verify(
        _ signature: KeySignature,
        for message: some Sequence<UInt8>,
        purpose: String
    ) async -> Bool {
        let framed = Self.framed(message, purpose)
        guard let key = await key(named: signature.kid) else { return false }
        // CryptoKit's comparison of a code with bytes takes the same time wherever they differ.
        return HMAC<SHA256>.isValidAuthenticationCode(
            signature.code, authenticating: framed, using: SymmetricKey(data: key.secret))
    }

    /// The names of all keys, the newest last.
    public var kids: [String] {
        storage.state.withLock { $0.keys.map(\.kid) }
    }

    /// Adds a new key, which signs from now on, and drops all but the newest `keeping` older ones.
    ///
    /// Keep the old keys for as long as the longest lifetime of what they signed. Other processes go on signing with
    /// the older key until they read the file again. Blocking; throws ``KeyRingError``.
    public func rotate(keeping: Int = 2) throws {
        if let file = storage.file {
            try replace(with: file.add(SigningKey.generate(), keeping: keeping))
        } else {
            try replace(with: kept(keeping) + [SigningKey.generate()])
        }
    }

    /// Reads the file again.
    ///
    /// Blocking; throws ``KeyRingError`` and then keeps the keys it had.
    public func reload() throws {
        guard let file = storage.file else { return }
        try replace(with: file.load())
    }

    private func kept(_ count: Int) -> [SigningKey] {
        storage.state.withLock { Array($0.keys.suffix(count)) }
    }

    private func replace(with keys: [SigningKey]) throws {
        guard let newest = keys.last else { throw KeyRingError.malformed("the key ring's file holds no key") }
        storage.state.withLock { state in
            state.keys = keys
            state.newest = newest
        }
    }

    private func key(named kid: String) async -> SigningKey? {
        if let known = storage.key(named: kid) {
            return known
        }
        guard storage.file != nil, storage.mayReload(at: .now) else { return nil }
        // A file that can't be read now is no reason to fail otherwise than for an unknown key; the keys stay.
        try? await BlockingPool.shared.run { try reload() }
        return storage.key(named: kid)
    }

    /// The purpose, a NUL that no purpose contains, the message.
    private static func framed(_ message: some Sequence<UInt8>, _ purpose: String) -> [UInt8] {
        Array(purpose.utf8) + [0] + Array(message)
    }
}

extension KeyRing {
    fileprivate final class Storage: Sendable {
        struct State {
            var keys: [SigningKey]
            var newest: SigningKey
            var lastReload: ContinuousClock.Instant?
        }

        let file: KeyRingFile?
        let state: Mutex<State>

        init(file: KeyRingFile?, keys: [SigningKey], newest: SigningKey) {
            self.file = file
            self.state = Mutex(State(keys: keys, newest: newest))
        }

        func key(named kid: String) -> SigningKey? {
            state.withLock { $0.keys.first { $0.kid == kid } }
        }

        /// At most once a second, so that forged key names cost no disk reads.
        func mayReload(at now: ContinuousClock.Instant) -> Bool {
            state.withLock { state in
                if let last = state.lastReload, now - last < .seconds(1) {
                    return false
                }
                state.lastReload = now
                return true
            }
        }
    }
}
