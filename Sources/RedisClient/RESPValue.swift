/// A reply of the server (RESP2).
public enum RESPValue: Sendable, Equatable {
    /// The null bulk string or the null array.
    case null
    /// An integer reply.
    case integer(Int64)
    /// A simple string such as `OK`.
    case status(String)
    /// A bulk string.
    case bytes([UInt8])
    /// An array; it may hold errors.
    case array([RESPValue])
    /// An error reply inside an array, or one kept by a script.
    case error(RedisServerError)
}

extension RESPValue {
    /// The text of a status, a bulk string (invalid UTF-8 is repaired) or an integer.
    public var string: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let value): String(value)
        case .null, .array, .error: nil
        }
    }

    /// An integer reply, or a bulk string that holds one.
    public var int: Int? {
        switch self {
        case .integer(let value): Int(value)
        case .bytes, .status: string.flatMap { Int($0) }
        case .null, .array, .error: nil
        }
    }

    /// A number: of an integer reply, or of a bulk string that holds one.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .bytes, .status: string.flatMap { Double($0) }
        case .null, .array, .error: nil
        }
    }

    /// The bytes of a bulk string or a status.
    public var bytes: [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .status(let text): Array(text.utf8)
        case .integer, .null, .array, .error: nil
        }
    }

    /// The elements of an array.
    public var array: [RESPValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// Whether this is the null reply.
    public var isNull: Bool { self == .null }

    /// An element of an array; ``null`` where there is none.
    public subscript(index: Int) -> RESPValue {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return .null }
        return elements[index]
    }

    /// A flat array of names and values (`HGETALL`) as a dictionary of strings.
    public var dictionary: [String: String]? {
        guard case .array(let elements) = self, elements.count.isMultiple(of: 2) else { return nil }
        var result: [String: String] = [:]
        result.reserveCapacity(elements.count / 2)
        for index in stride(from: 0, to: elements.count, by: 2) {
            guard let key = elements[index].string, let value = elements[index + 1].string else { return nil }
            result[key] = value
        }
        return result
    }
}
