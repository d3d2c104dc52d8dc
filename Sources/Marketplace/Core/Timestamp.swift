public import Foundation

/// A point in time to the millisecond, which is written as RFC 3339 in UTC (`2026-01-31T12:00:00.000Z`).
public struct Timestamp: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since 1970 in UTC, as the records in Redis hold them.
    public var milliseconds: Int64

    /// Makes a timestamp from milliseconds since 1970.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Makes a timestamp from a date; what is finer than a millisecond is cut off.
    public init(_ date: Date) {
        milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded(.down))
    }

    /// The same point in time for Foundation.
    public var date: Date {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// RFC 3339 §5.6 in UTC, always with three decimals.
    public var description: String {
        // The formatter would round 0.9996 s up to the next second's; whole seconds and our own decimals don't.
        let seconds = milliseconds.quotientFloored(by: 1000)
        let date = Date(timeIntervalSince1970: Double(seconds))
        let fraction = String(1000 + milliseconds - seconds * 1000).dropFirst()
        return String(date.formatted(.iso8601).dropLast()) + "." + fraction + "Z"
    }

    /// Reads an RFC 3339 timestamp.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        let withFraction = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        do {
            let date = try text.contains(".") ? withFraction.parse(text) : Date.ISO8601FormatStyle().parse(text)
            milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded())
        } catch {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text.prefix(64))' is not an RFC 3339 timestamp")
        }
    }

    /// Writes the timestamp as RFC 3339.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// The earlier one is the smaller one.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

extension Int64 {
    func quotientFloored(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
