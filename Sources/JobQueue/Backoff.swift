/// How long a failed job waits: exponential with full jitter.
///
/// The delay after the n-th failure is uniform between zero and `min(cap, base × 2^(n−1))`. Full jitter spreads the
/// retries of jobs that failed together, for example because one service was down.
public struct Backoff: Sendable, Hashable {
    /// The upper bound of the first delay.
    public var base: Duration
    /// The upper bound of every delay.
    public var cap: Duration

    /// Creates a policy; negative durations count as zero.
    public init(base: Duration = .seconds(5), cap: Duration = .seconds(3600)) {
        self.base = base
        self.cap = cap
    }

    /// The largest delay after so many failures (1-based).
    public func limit(failures: Int) -> Duration {
        let base = max(0, base.milliseconds)
        let cap = max(0, cap.milliseconds)
        let exponent = max(0, failures - 1)
        guard exponent < 40, base <= Int64.max >> exponent else { return .milliseconds(cap) }
        return .milliseconds(min(cap, base << exponent))
    }

    /// Draws the delay after so many failures (1-based).
    public func delay(failures: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        .milliseconds(Int64.random(in: 0...limit(failures: failures).milliseconds, using: &generator))
    }
}

extension Duration {
    /// Whole milliseconds, rounded towards zero.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
