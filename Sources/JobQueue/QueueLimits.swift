/// How much of a queue may run, over all workers.
public struct QueueLimits: Codable, Sendable, Hashable {
    /// A token bucket: so many claims in a span, and so many at once after a pause.
    public struct RateLimit: Codable, Sendable, Hashable {
        /// The claims in a span.
        public var count: Int
        /// The span, in milliseconds.
        public var milliseconds: Int64
        /// The claims that may follow each other at once after a pause.
        public var burst: Int

        /// Creates a limit.
        ///
        /// - Parameter burst: what may be claimed at once after a pause; `count` if none is given.
        public init(_ count: Int, per span: Duration, burst: Int? = nil) {
            self.count = count
            milliseconds = span.milliseconds
            self.burst = burst ?? count
        }
    }

    /// The most jobs that run at once; `nil` for no limit.
    public var concurrency: Int?
    /// The most jobs that are claimed in a time; `nil` for no limit.
    public var rate: RateLimit?

    /// Creates limits; without arguments, none.
    public init(concurrency: Int? = nil, rate: RateLimit? = nil) {
        self.concurrency = concurrency
        self.rate = rate
    }

    /// - Throws: `JobQueueError` with `.invalidConfiguration` for values that would stop a queue or mean nothing.
    func validate() throws {
        func check(_ name: String, _ value: Int64, _ allowed: ClosedRange<Int64>) throws {
            guard allowed.contains(value) else {
                throw JobQueueError(
                    .invalidConfiguration,
                    "\(name) is \(value); it must be \(allowed.lowerBound) to \(allowed.upperBound). "
                        + "To stop a queue, pause it.")
            }
        }
        if let concurrency { try check("concurrency", Int64(concurrency), 1...1_000_000) }
        if let rate {
            try check("rate", Int64(rate.count), 1...1_000_000_000)
            try check("rate's span in milliseconds", rate.milliseconds, 1...86_400_000)
            try check("burst", Int64(rate.burst), 1...1_000_000_000)
        }
    }
}
