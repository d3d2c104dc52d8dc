/// One range of bytes as a client asks for it, before the object's size is known (RFC 9110 §14.1.2).
public enum ByteRangeRequest: Sendable, Equatable {
    /// `bytes=first-last`, both inclusive; `last` may lie beyond the end.
    case bounded(first: Int64, last: Int64)
    /// `bytes=first-`.
    case from(Int64)
    /// `bytes=-count`: the last `count` bytes, all of them when there are fewer.
    case suffix(Int64)

    /// Reads the value of a `Range` header field.
    ///
    /// Nil means that the header is to be ignored and the whole object answered with 200: another unit, several
    /// ranges, or a value that is malformed (RFC 9110 §14.2).
    public init?(header: String) {
        let bytes = Array(header.utf8)
        let unit = Array("bytes=".utf8)
        guard bytes.count > unit.count, bytes.prefix(unit.count).elementsEqual(unit, by: { $0 | 0x20 == $1 | 0x20 })
        else { return nil }
        let specifier = bytes.dropFirst(unit.count).trimmingOptionalWhitespace()
        guard !specifier.contains(UInt8(ascii: ",")), let dash = specifier.firstIndex(of: UInt8(ascii: "-")) else {
            return nil
        }
        let head = specifier[..<dash]
        let tail = specifier[(dash + 1)...]
        switch (head.isEmpty, tail.isEmpty) {
        case (true, true):
            return nil
        case (true, false):
            guard let count = Self.number(tail) else { return nil }
            self = .suffix(count)
        case (false, true):
            guard let first = Self.number(head) else { return nil }
            self = .from(first)
        case (false, false):
            guard let first = Self.number(head), let last = Self.number(tail), first <= last else { return nil }
            self = .bounded(first: first, last: last)
        }
    }

    /// The bytes that the request selects of an object of `size` bytes; nil when it selects none (416).
    public func resolve(size: Int64) -> Range<Int64>? {
        switch self {
        case .bounded(let first, let last):
            guard first >= 0, first < size, last >= first else { return nil }
            return first..<(last >= size ? size : last + 1)
        case .from(let first):
            guard first >= 0, first < size else { return nil }
            return first..<size
        case .suffix(let count):
            guard count > 0, size > 0 else { return nil }
            return (count >= size ? 0 : size - count)..<size
        }
    }

    /// Digits only; a number beyond Int64 is as good as the largest one, because no object reaches it.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = product.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            value = overflow || overflow2 || value == .max ? .max : sum
        }
        return value
    }
}

extension ArraySlice<UInt8> {
    fileprivate func trimmingOptionalWhitespace() -> ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var slice = drop(while: isSpace)
        while let last = slice.last, isSpace(last) {
            slice.removeLast()
        }
        return slice
    }
}
