import Glibc
import JobQueue

/// A job that does nothing, with the payload of 200 bytes that the peer benchmarks use: the time of its enqueue in front.
struct NoOperation: Job {
    static let name = "bench.noop"
    static let queue = "bench"
    var payload: String

    private static let padding = String(repeating: "x", count: 183)

    /// A job that carries the current monotonic time, in 17 digits.
    static func make() -> NoOperation {
        let time = String(monotonicNanoseconds())
        return NoOperation(payload: String(repeating: "0", count: max(0, 17 - time.utf8.count)) + time + padding)
    }

    /// When it was made, by the clock that all processes of the machine share.
    var made: UInt64 { UInt64(payload.prefix(17)) ?? 0 }

    static let sample = NoOperation(payload: String(repeating: "x", count: 200))
}

/// The system's monotonic clock, the same in every process.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
