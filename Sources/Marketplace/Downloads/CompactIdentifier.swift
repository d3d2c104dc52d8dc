/// Identifiers as the 16 bytes that they are, for tokens: half of the text's length.
enum CompactIdentifier {
    /// The 16 bytes of an identifier, most significant first; nil for what is none of the kind.
    static func bytes(_ identifier: String, _ kind: IdentifierKind) -> [UInt8]? {
        guard Identifier.isValid(identifier, kind) else { return nil }
        var value: UInt128 = 0
        for character in identifier.utf8.dropFirst(4) {
            guard let digit = Identifier.alphabet.firstIndex(of: character) else { return nil }
            // 26 characters have two bits more than 128; an identifier that uses them was made by nobody.
            guard value >> 123 == 0 else { return nil }
            value = value << 5 | UInt128(digit)
        }
        return (0..<16).map { UInt8(truncatingIfNeeded: value >> UInt128(8 * (15 - $0))) }
    }

    /// The identifier of the given kind that 16 bytes stand for.
    static func text(_ bytes: some Collection<UInt8>, _ kind: IdentifierKind) -> String {
        var value = bytes.prefix(16).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        var characters = [UInt8](repeating: 0, count: Identifier.length)
        for index in stride(from: Identifier.length - 1, through: 0, by: -1) {
            characters[index] = Identifier.alphabet[Int(value & 31)]
            value >>= 5
        }
        return kind.rawValue + "_" + String(decoding: characters, as: UTF8.self)
    }
}
