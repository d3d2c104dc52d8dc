import Crypto
import Foundation

/// What addresses, passwords, names and codes have to look like.
enum AccountRules {
    /// The address as it is stored and compared: without spaces around it, in lower case.
    ///
    /// The part before the @ is case-sensitive by RFC 5321 §2.4, and no provider treats it so; two accounts that differ
    /// by case would be one person's mistake.
    static func address(_ text: String, pointer: String = "/email") throws -> String {
        let address = text.trimmingCharacters(in: .whitespaces).lowercased()
        guard isAddress(address) else {
            throw MarketplaceError.invalid(
                pointer: pointer, code: "email_invalid", detail: "This is not an e-mail address.")
        }
        return address
    }

    /// A dot-atom, an @ and a host name (RFC 5321 §4.1.2), ASCII, without quoted forms, which nobody uses.
    private static func isAddress(_ address: String) -> Bool {
        let parts = address.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard address.utf8.count <= 254, parts.count == 2, (1...64).contains(parts[0].count) else { return false }
        let labels = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && $0.allSatisfy(isAtomText) }
            && (labels.count >= 2 || parts[1].elementsEqual("localhost".utf8))
            && labels.allSatisfy { label in
                (1...63).contains(label.count) && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
                    && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
            }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAtomText(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
    }

    /// The password as it is hashed: in Unicode's composed form, as keyboards differ in which form they type.
    ///
    /// 8 to 256 characters and no further rules (NIST SP 800-63B §5.1.1.2).
    static func password(_ text: String, pointer: String = "/password") throws -> String {
        let password = normalized(text)
        guard (8...256).contains(password.count), password.utf8.count <= 2048 else {
            throw MarketplaceError.invalid(
                pointer: pointer, code: "password_length", detail: "A password has 8 to 256 characters.")
        }
        return password
    }

    /// A password that somebody tries: too long a one can't be right, and is cut so that it costs no more than others.
    static func attempt(_ text: String) -> String {
        normalized(String(text.prefix(257)))
    }

    private static func normalized(_ text: String) -> String {
        text.precomposedStringWithCanonicalMapping
    }

    /// A name for people: no control characters, 1 to 100 characters.
    static func name(_ text: String, pointer: String = "/name") throws -> String {
        let name = normalized(text).trimmingCharacters(in: .whitespacesAndNewlines)
        guard (1...100).contains(name.count), name.utf8.count <= 400, !name.hasControlCharacters else {
            throw MarketplaceError.invalid(
                pointer: pointer, code: "name_invalid",
                detail: "A name has 1 to 100 characters and no control characters.")
        }
        return name
    }

    /// The digits of a code; people type spaces and hyphens into it.
    static func code(_ text: String) throws -> String {
        let digits = String(text.prefix(32)).filter { $0 != " " && $0 != "-" }
        guard digits.utf8.count == 6, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { throw codeInvalid }
        return digits
    }

    static var codeInvalid: MarketplaceError {
        MarketplaceError(
            category: .invalid, code: "code_invalid",
            detail: "The code is wrong, was used, or is too old. Ask for a new one.",
            fields: [
                .init(pointer: "/code", code: "code_invalid", detail: "The code is wrong, was used, or is too old.")
            ]
        )
    }

    /// How a mailed code is stored: bound to what it is for and to whom.
    static func codeHash(kind: String, address: String, code: String) -> String {
        hash("sunset code\u{0}\(kind)\u{0}\(address)\u{0}\(code)")
    }

    /// How a session's token is stored.
    ///
    /// 256 random bits need no salt and no slow hash.
    static func tokenHash(_ token: String) -> String {
        hash("sunset session\u{0}" + token)
    }

    static func addressHash(_ address: String) -> String {
        hash("sunset address\u{0}" + address)
    }

    private static func hash(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}

extension String {
    /// C0, DEL, C1, line and paragraph separators, and the characters that turn the direction of text around.
    var hasControlCharacters: Bool {
        unicodeScalars.contains { scalar in
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
            default: false
            }
        }
    }
}
