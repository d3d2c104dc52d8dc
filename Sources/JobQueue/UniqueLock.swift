/// The lock of a unique job as it stands in the envelope: `<s|d|p><period ms>:<digest>`.
struct UniqueLock: Sendable, Equatable, CustomStringConvertible {
    var uniqueness: Uniqueness
    /// What the key comes to: `=` and the key itself where it is short and visible, else `#` and a hash of it.
    var digest: String

    init(uniqueness: Uniqueness, digest: String) {
        self.uniqueness = uniqueness
        self.digest = digest
    }

    /// Makes the lock of a key; the type's name is part of what is locked.
    init(_ uniqueness: Uniqueness, name: String, key: some Sequence<UInt8>) {
        var bytes = Array(name.utf8)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: key)
        // A short key can be read by an operator; the hash of a long one must not collide even if its parts come from
        // outside, or someone could keep another's job from its queue: hence SHA-256, of which 160 bits are kept.
        if bytes.count <= 64, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
            digest = "=" + String(decoding: bytes, as: UTF8.self)
        } else {
            digest = "#" + SHA256.hash(bytes).prefix(20).hex
        }
        self.uniqueness = uniqueness
    }

    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), let letter = text.first else { return nil }
        let digits = text[text.index(after: text.startIndex)..<colon]
        digest = String(text[text.index(after: colon)...])
        guard !digest.isEmpty else { return nil }
        switch letter {
        case "s" where digits.isEmpty: uniqueness = .whilePending
        case "d" where digits.isEmpty: uniqueness = .untilDone
        case "p":
            guard let milliseconds = Int64(digits), milliseconds > 0 else { return nil }
            uniqueness = .period(.milliseconds(milliseconds))
        default: return nil
        }
    }

    var description: String {
        switch uniqueness {
        case .whilePending: "s:\(digest)"
        case .untilDone: "d:\(digest)"
        case .period(let period): "p\(max(1, period.milliseconds)):\(digest)"
        }
    }
}
