/// One argument of a command: a string of bytes on the wire.
public struct RedisArgument: Sendable, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral
{
    enum Storage: Sendable {
        case string(String)
        case bytes([UInt8])
        case integer(Int64)
    }

    let storage: Storage

    /// How many bytes it takes on the wire, without its frame; of an integer the most.
    package var byteCount: Int {
        switch storage {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .integer: 20
        }
    }

    /// The UTF-8 bytes of a string.
    public init(_ value: String) {
        storage = .string(value)
    }

    /// Bytes as they are.
    public init(_ value: [UInt8]) {
        storage = .bytes(value)
    }

    /// An integer in decimal.
    public init(_ value: some BinaryInteger) {
        storage = Int64(exactly: value).map(Storage.integer) ?? .string(String(value))
    }

    /// The shortest decimal form that reads back as the same number; infinities as Redis spells them.
    public init(_ value: Double) {
        storage = .string(value.isInfinite ? (value < 0 ? "-inf" : "+inf") : String(value))
    }

    /// The UTF-8 bytes of a literal.
    public init(stringLiteral value: String) {
        storage = .string(value)
    }

    /// A floating-point literal in decimal.
    public init(floatLiteral value: Double) {
        self.init(value)
    }

    /// An integer literal in decimal.
    public init(integerLiteral value: Int64) {
        storage = .integer(value)
    }
}
