extension RedisArgument: Hashable, CustomStringConvertible {
    /// The bytes as they go to Redis.
    public var bytes: [UInt8] {
        switch storage {
        case .string(let value): Array(value.utf8)
        case .bytes(let value): value
        case .integer(let value): Array(String(value).utf8)
        }
    }

    /// The argument as text; bytes that are not UTF-8 are replaced.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether both are the same bytes, however they were given.
    public static func == (left: RedisArgument, right: RedisArgument) -> Bool { left.bytes == right.bytes }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
