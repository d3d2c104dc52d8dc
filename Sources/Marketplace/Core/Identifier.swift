/// The kinds of resource that have an identifier, each with the prefix its identifiers carry.
public enum IdentifierKind: String, Sendable, CaseIterable {
    /// An account.
    case user = "usr"
    /// A product of the catalog.
    case product = "prd"
    /// An uploaded file.
    case upload = "upl"
    /// A cart.
    case cart = "crt"
    /// An order.
    case order = "ord"
    /// One line of an order.
    case orderItem = "oit"
    /// A payment of an order.
    case payment = "pay"
    /// A buyer's right to a product.
    case entitlement = "ent"
    /// A short-lived right to download one file.
    case grant = "grt"
    /// A licence key.
    case license = "lic"
    /// An event.
    case event = "evt"
    /// A request.
    case request = "req"
}

/// Prefixed identifiers that sort by the time they were made: `prd_` and 26 characters of Crockford base 32.
///
/// The characters are a ULID in lower case: 48 bits of milliseconds, then 80 random bits. 80 bits from the system's
/// generator are enough for an identifier to be made by whoever needs it, without asking Redis.
public enum Identifier {
    static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    static let length = 26

    /// Makes an identifier of the given kind.
    ///
    /// - Parameters:
    ///   - kind: What is identified.
    ///   - milliseconds: Milliseconds since 1970; only the low 48 bits are used.
    ///   - random: Where the other 80 bits come from.
    public static func make(_ kind: IdentifierKind, milliseconds: Int64, random: RandomSource) -> String {
        var value = UInt128(UInt64(bitPattern: milliseconds) & 0xFFFF_FFFF_FFFF) << 80
        for (index, byte) in random.bytes(10).enumerated() {
            value |= UInt128(byte) << UInt128(8 * index)
        }
        var characters = [UInt8](repeating: 0, count: length)
        for index in stride(from: length - 1, through: 0, by: -1) {
            characters[index] = alphabet[Int(value & 31)]
            value >>= 5
        }
        return kind.rawValue + "_" + String(decoding: characters, as: UTF8.self)
    }

    /// Whether the text is an identifier of the given kind, as far as its form can tell.
    ///
    /// Identifiers go into Redis keys, so whatever comes from outside is checked with this before it is used as one.
    public static func isValid(_ text: String, _ kind: IdentifierKind) -> Bool {
        let bytes = text.utf8
        guard bytes.count == length + 4, text.hasPrefix(kind.rawValue + "_") else { return false }
        return bytes.dropFirst(4).allSatisfy { alphabet.contains($0) }
    }
}
