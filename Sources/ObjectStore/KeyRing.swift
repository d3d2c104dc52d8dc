import Crypto
public import FoundationEssentials
import Synchronization

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
/// Another process may rotate the file at any time: it is looked at before a key is used, at most once a second, and read
/// again when it has changed. So within a second of a rotation every process signs with the new key, and none goes on with
/// a key that was taken out. Verification compares in constant time; an unknown key has the file read again, at most once
/// a second. Copies share their state.
public struct KeyRing: Sendable {
    /// The most keys that a ring holds; each rotation adds one that stays until nothing that it signed is valid.
    public static let maximumKeys = 64

    private let storage: Storage

    /// A ring in memory, its newest key last.
    ///
    /// Throws `KeyRingError.malformed` when it is empty.
    public init(keys: [SigningKey]) throws {
        self.storage = Storage(file: nil, keys: try Self.newestLast(keys), stamp: nil)
    }

    /// Opens the ring in a file, which is created with one new key (mode 0600, atomically) when it is missing.
    ///
    /// Throws ``KeyRingError``, also when others than the owner may read the file. It reads a small file, blocking: call
    /// it at start-up.
    public init(file path: String) throws {
        let file = KeyRingFile(path: path)
        // Before the keys are read: a change in between is seen as one at the next look.
        let stamp = file.stamp()
        let keys = try file.loadOrCreate()
        self.storage = Storage(file: file, keys: try Self.newestLast(keys), stamp: stamp)
    }

    /// Signs with the newest key.
    ///
    /// - Parameters:
    ///   - message: The bytes to sign; fields must be delimited so that two messages never have the same bytes.
    ///   - purpose: What the signature is for ("url", "download"); a signature for one is none for another.
    public func signature(for message: some Sequence<UInt8>, purpose: String) -> KeySignature {
        storage.refresh()
        let key = storage.newest
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

    /// All keys, the newest last.
    public var keys: [SigningKey] { storage.keys }

    /// The names of all keys, the newest last.
    public var kids: [String] { keys.map(\.kid) }

    /// Adds a new key, which signs from now on.
    ///
    /// What the old ones signed stays valid; those whose signatures have all expired are dropped. Blocking; atomic, also against rotations at once. Other processes go on signing with the older key for a second at
    /// most.
    /// - Parameters:
    ///   - validity: The longest life of what the key that signed until now has signed.
    ///   - dropsOld: Takes all old keys out at once: what they signed is void. For a key that has become known.
    ///   - now: The time.
    /// - Throws: ``KeyRingError``, also when the ring is full of keys that are needed.
    public func rotate(validity: Duration, dropsOld: Bool = false, now: Date = Date()) throws {
        let change: ([SigningKey]) throws -> [SigningKey] = { keys in
            let old = dropsOld ? [] : Self.retired(keys, until: now.addingTimeInterval(validity.seconds), now: now)
            guard old.count < Self.maximumKeys else {
                throw KeyRingError.full(
                    "the key ring has \(old.count) keys whose signatures are still valid, and can't hold more")
            }
            return old + [SigningKey.generate(at: now)]
        }
        if let file = storage.file {
            storage.replace(with: try file.change(change))
        } else {
            storage.replace(with: try change(storage.keys))
        }
    }

    /// Reads the file again.
    ///
    /// Blocking; throws ``KeyRingError`` and then keeps the keys it had.
    public func reload() throws {
        guard let file = storage.file else { return }
        storage.replace(with: try Self.newestLast(file.load()))
    }

    /// The keys that are still needed, the newest of them retired; a little longer, as others may not have noticed yet.
    private static func retired(_ keys: [SigningKey], until: Date, now: Date) -> [SigningKey] {
        let slack = 2.0
        return keys.enumerated().compactMap { index, key in
            var key = key
            // A key that an older build retired has no date: it is kept as if it had just been.
            if key.retiredAt == nil {
                key.retiredAt = now
                key.verifiesUntil = until.addingTimeInterval(slack)
            }
            return key.isNeeded(at: now) ? key : nil
        }
    }

    private static func newestLast(_ keys: [SigningKey]) throws -> [SigningKey] {
        guard !keys.isEmpty else { throw KeyRingError.malformed("a key ring holds at least one key") }
        return keys
    }

    private func key(named kid: String) async -> SigningKey? {
        storage.refresh()
        if let known = storage.key(named: kid) { return known }
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

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
