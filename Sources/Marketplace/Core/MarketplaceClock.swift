public import Foundation

/// The marketplace's idea of the time.
///
/// Scripts decide by Redis's own clock, which is one for all processes; what is injected is an offset to it, zero in
/// production, that a test moves to let hours pass. Swift code that needs the time adds the same offset to the host's.
public struct MarketplaceClock: Sendable {
    private let offset: @Sendable () -> Duration

    /// Real time.
    public static let server = MarketplaceClock { .zero }

    /// Makes a clock that runs ahead of the real time by what the function returns.
    public init(offset: @escaping @Sendable () -> Duration) {
        self.offset = offset
    }

    /// What scripts add to Redis's time, in milliseconds.
    public var offsetMilliseconds: Int64 {
        offset().milliseconds
    }

    /// The host's time plus the offset, in milliseconds since 1970.
    public var nowMilliseconds: Int64 {
        Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) + offsetMilliseconds
    }

    /// The host's time plus the offset.
    public var now: Date {
        Date(timeIntervalSince1970: Double(nowMilliseconds) / 1000)
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
