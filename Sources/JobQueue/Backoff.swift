/// How long a failed job waits for its next attempt.
public struct Backoff: Sendable, Hashable {
    private enum Kind: Sendable, Hashable {
        case exponential(base: Duration, cap: Duration)
        case list([Duration])
    }

    private let kind: Kind

    private init(_ kind: Kind) {
        self.kind = kind
    }

    /// Exponential with full jitter; the same as ``exponential(base:cap:)``.
    public init(base: Duration = .seconds(5), cap: Duration = .seconds(3600)) {
        self.init(.exponential(base: base, cap: cap))
    }

    /// The delay after the n-th failure is drawn between zero and `min(cap, base × 2^(n−1))`.
    ///
    /// Full jitter spreads the retries of jobs that failed together, for example because one service was down.
    /// Negative durations count as zero.
    public static func exponential(base: Duration = .seconds(5), cap: Duration = .seconds(3600)) -> Backoff {
        Backoff(.exponential(base: base, cap: cap))
    }

    /// Always the same delay, without jitter.
    public static func fixed(_ delay: Duration) -> Backoff {
        Backoff(.list([delay]))
    }

    /// The n-th delay after the n-th failure, the last one from then on, without jitter; an empty list is ``none``.
    public static func list(_ delays: [Duration]) -> Backoff {
        Backoff(.list(delays))
    }

    /// The next attempt is made at once.
    public static let none = Backoff(.list([]))

    /// The shortest and the longest delay after so many failures (1-based), in whole milliseconds.
    public func range(failures: Int) -> ClosedRange<Duration> {
        switch kind {
        case .exponential(let base, let cap):
            return .zero...Self.limit(base: base, cap: cap, failures: failures)
        case .list(let delays):
            guard !delays.isEmpty else { return .zero ... .zero }
            let delay = delays[min(max(0, failures - 1), delays.count - 1)]
            let whole = Duration.milliseconds(max(0, delay.milliseconds))
            return whole...whole
        }
    }

    /// Draws the delay after so many failures (1-based).
    public func delay(failures: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        range(failures: failures).drawn(using: &generator)
    }

    private static func limit(base: Duration, cap: Duration, failures: Int) -> Duration {
        let base = max(0, base.milliseconds)
        let cap = max(0, cap.milliseconds)
        let exponent = max(0, failures - 1)
        guard exponent < 40, base <= Int64.max >> exponent else { return .milliseconds(cap) }
        return .milliseconds(min(cap, base << exponent))
    }
}

extension ClosedRange<Duration> {
    /// A duration between the bounds, in whole milliseconds.
    func drawn(using generator: inout some RandomNumberGenerator) -> Duration {
        .milliseconds(Int64.random(in: lowerBound.milliseconds...upperBound.milliseconds, using: &generator))
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
