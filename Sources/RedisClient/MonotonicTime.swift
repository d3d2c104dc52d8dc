import Glibc

/// A reading of the system's monotonic clock in nanoseconds.
struct MonotonicTime: Comparable, Sendable {
    var nanoseconds: UInt64

    static let distantFuture = MonotonicTime(nanoseconds: .max)

    static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Later by a duration; negative ones count as zero, and what does not fit is the distant future.
    func advanced(by duration: Duration) -> MonotonicTime {
        advanced(byNanoseconds: duration.clampedNanoseconds)
    }

    func advanced(byNanoseconds step: UInt64) -> MonotonicTime {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(step)
        return overflow ? .distantFuture : MonotonicTime(nanoseconds: sum)
    }

    /// How much later this is; zero if it is not.
    func duration(since earlier: MonotonicTime) -> Duration {
        .nanoseconds(self > earlier ? Int64(clamping: nanoseconds - earlier.nanoseconds) : 0)
    }

    /// Milliseconds from here to `later`, rounded up so that a wait never ends too early, for `epoll_wait`.
    func milliseconds(until later: MonotonicTime) -> Int32 {
        guard later > self else { return 0 }
        let span = later.nanoseconds - nanoseconds
        return Int32(clamping: span / 1_000_000 + (span % 1_000_000 == 0 ? 0 : 1))
    }
}

extension Duration {
    /// Whole nanoseconds, from 0 to the largest that fits.
    var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return .max }
        let (sum, carry) = product.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        return carry ? .max : sum
    }
}
