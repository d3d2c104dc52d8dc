/// A key that was pressed.
public enum Key: Sendable, Hashable {
    /// A character.
    case character(Character)
    /// A letter with Control.
    case control(Character)
    /// The arrow up.
    case up
    /// The arrow down.
    case down
    /// The arrow to the left.
    case left
    /// The arrow to the right.
    case right
    /// A page up.
    case pageUp
    /// A page down.
    case pageDown
    /// To the beginning.
    case home
    /// To the end.
    case end
    /// Tab.
    case tab
    /// Tab with Shift.
    case backTab
    /// Return.
    case enter
    /// Escape.
    case escape
}

/// Reads keys from what a terminal sends, which may come in pieces.
public struct KeyDecoder: Sendable {
    private var rest: [UInt8] = []

    /// Creates a decoder.
    public init() {}

    /// Whether a piece is waiting for the next one; if none comes, ``flush()`` says what it is.
    public var isWaiting: Bool { !rest.isEmpty }

    /// Takes bytes and gives back the keys that are complete.
    public mutating func feed(_ bytes: some Sequence<UInt8>) -> [Key] {
        rest += bytes
        var keys: [Key] = []
        while !rest.isEmpty {
            guard let (key, length) = Self.first(of: rest) else { break }
            rest.removeFirst(length)
            if let key { keys.append(key) }
        }
        // Nobody's key: a terminal that never ends a sequence must not fill the memory.
        if rest.count > 64 { rest = [] }
        return keys
    }

    /// What a piece is that nothing followed: Escape alone, or nothing.
    public mutating func flush() -> [Key] {
        defer { rest = [] }
        return rest.first == 0x1B ? [.escape] : []
    }

    /// The first key and its bytes; `nil` if more must come.
    ///
    /// A key of `nil` is one that means nothing here.
    private static func first(of bytes: [UInt8]) -> (key: Key?, length: Int)? {
        switch bytes[0] {
        case 0x1B: return escape(bytes)
        case 0x09: return (.tab, 1)
        case 0x0A, 0x0D: return (.enter, 1)
        case 0x01...0x1A: return (.control(Character(UnicodeScalar(bytes[0] + 0x60))), 1)
        case 0x00...0x1F, 0x7F: return (nil, 1)
        case 0x20...0x7E: return (.character(Character(UnicodeScalar(bytes[0]))), 1)
        default:
            let length =
                switch bytes[0] {
                case 0xC2...0xDF: 2
                case 0xE0...0xEF: 3
                case 0xF0...0xF4: 4
                default: 1
                }
            guard bytes.count >= length else { return nil }
            let text = String(validating: bytes.prefix(length), as: UTF8.self)
            return (text?.first.map { .character($0) }, text == nil ? 1 : length)
        }
    }

    /// CSI and SS3 sequences (ECMA-48 §5.4, xterm's keys).
    private static func escape(_ bytes: [UInt8]) -> (Key?, Int)? {
        guard bytes.count > 1 else { return nil }
        switch bytes[1] {
        case UInt8(ascii: "O"):
            guard bytes.count > 2 else { return nil }
            return (letters[bytes[2]], 3)
        case UInt8(ascii: "["):
            guard let end = bytes.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else { return nil }
            if bytes[end] == UInt8(ascii: "~") {
                let number = String(decoding: bytes[2..<end].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
                return (numbers[number], end + 1)
            }
            return (letters[bytes[end]], end + 1)
        case 0x1B: return (.escape, 1)
        // A key with Alt is its Escape alone for us: it must not be taken for the key.
        default: return (nil, 2)
        }
    }

    private static let letters: [UInt8: Key] = [
        UInt8(ascii: "A"): .up, UInt8(ascii: "B"): .down, UInt8(ascii: "C"): .right, UInt8(ascii: "D"): .left,
        UInt8(ascii: "H"): .home, UInt8(ascii: "F"): .end, UInt8(ascii: "Z"): .backTab,
    ]
    private static let numbers: [String: Key] = [
        "1": .home, "4": .end, "5": .pageUp, "6": .pageDown, "7": .home, "8": .end,
    ]
}
