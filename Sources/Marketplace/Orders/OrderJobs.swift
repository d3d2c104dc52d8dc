public import JobQueue

/// Makes sure that a paid order's files are there, and releases them.
public struct FulfilOrder: Job {
    /// The name on the wire.
    public static let name = "fulfil-order"
    /// The queue of paid orders.
    public static let queue = "fulfilment"
    /// Somebody paid: tried for about a day, in case the store is away.
    public static let options = JobOptions(
        priority: .high, maximumFailures: 30, maximumLapses: 10, timeout: .seconds(60),
        backoff: Backoff(base: .seconds(1), cap: .seconds(3600)))

    /// The order.
    public var order: String

    /// Makes the job.
    public init(order: String) {
        self.order = order
    }
}

/// Issues the download links of a fulfilled order, and has them mailed.
public struct IssueLinks: Job {
    /// The name on the wire.
    public static let name = "issue-links"
    /// The queue of links.
    public static let queue = "links"
    /// Tried often at first.
    public static let options = JobOptions(
        maximumFailures: 20, maximumLapses: 10, timeout: .seconds(60), backoff: Backoff(base: .seconds(1)))

    /// The order.
    public var order: String

    /// Makes the job.
    public init(order: String) {
        self.order = order
    }
}
