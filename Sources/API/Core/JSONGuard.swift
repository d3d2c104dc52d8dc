/// Looks over the bytes of a JSON text before any parser builds something from them.
///
/// A parser that recurses can be led into a stack overflow by a megabyte of `[`; counting brackets outside of strings
/// costs one pass and no memory.
enum JSONGuard {
    enum Failure: Error, Equatable {
        /// Not UTF-8 (RFC 8259 §8.1), or UTF-16 and UTF-32 that a lenient parser would guess.
        case notUTF8
        /// Nested deeper than allowed.
        case tooDeep
    }

    static func check(_ bytes: some Collection<UInt8>, maximumDepth: Int) throws(Failure) {
        var depth = 0
        var inString = false
        var escaped = false
        for byte in bytes {
            // A NUL stands in no JSON text, but in every UTF-16 one that consists of ASCII.
            guard byte != 0 else { throw .notUTF8 }
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                guard depth <= maximumDepth else { throw .tooDeep }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
    }
}
