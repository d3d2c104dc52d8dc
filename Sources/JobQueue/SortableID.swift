#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Makes identifiers that sort by the time they were made.
///
/// An identifier is a prefix and 26 characters of lower-case Crockford base 32: 48 bits of Unix milliseconds and
/// 80 random bits. Producers make them, so that repeating a request names the same thing.
public enum SortableID {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// Makes an identifier from the system's clock and random source, for example `job_01jdfq…`.
    public static func make(prefix: String) -> String {
        let (random, more) = RandomPool.shared.pair()
        return make(
            prefix: prefix, high: (unixMilliseconds() << 16) | (more & 0xFFFF), low: random)
    }

    /// Makes an identifier from the given Unix time in milliseconds and random source.
    public static func make(
        prefix: String,
        milliseconds: UInt64,
        using generator: inout some RandomNumberGenerator
    ) -> String {
        let random = generator.next()
        let high = (milliseconds << 16) | UInt64(UInt16.random(in: 0 ... .max, using: &generator))
        return make(prefix: prefix, high: high, low: random)
    }

    private static func make(prefix: String, high: UInt64, low: UInt64) -> String {
        let length = prefix.utf8.count + 26
        return String(unsafeUninitializedCapacity: length) { buffer in
            var index = 0
            for byte in prefix.utf8 {
                buffer[index] = byte
                index += 1
            }
            // 128 bits in 26 digits of 5 bits: the first digit holds the top three.
            let value = UInt128(high) << 64 | UInt128(low)
            for digit in 0..<26 {
                let shift = (25 - digit) * 5
                buffer[index] = alphabet[Int(truncatingIfNeeded: (value >> UInt128(shift)) & 31)]
                index += 1
            }
            return length
        }
    }

    /// The system's clock, in Unix milliseconds.
    package static func unixMilliseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }
}
