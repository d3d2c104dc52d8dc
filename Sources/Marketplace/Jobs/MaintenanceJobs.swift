public import JobQueue

/// Sweeps an upload that was never completed; enqueued with the upload itself, a day ahead, so that nothing scans.
public struct ExpireUpload: Job {
    /// The name on the wire.
    public static let name = "expire-upload"
    /// The queue of housekeeping.
    public static let queue = "maintenance"
    /// Nobody waits for it.
    public static let options = JobOptions(priority: .low)

    /// The upload's id.
    public var upload: String

    /// Names the upload.
    public init(upload: String) {
        self.upload = upload
    }
}

/// Deletes objects that nothing in Redis names any more; enqueued by the step that took the name away.
///
/// Repeating it is fine: an object that is not there counts as deleted.
public struct DeleteObjects: Job {
    /// The name on the wire.
    public static let name = "delete-objects"
    /// The queue of housekeeping.
    public static let queue = "maintenance"
    /// Space is worth trying for a long time.
    public static let options = JobOptions(priority: .low, maximumFailures: 20)

    /// The bucket.
    public var bucket: String
    /// The keys.
    public var keys: [String]

    /// Names the objects.
    public init(bucket: String, keys: [String]) {
        self.bucket = bucket
        self.keys = keys
    }
}

/// Proves that the ledger sums to zero and matches the orders, as `sunsetctl ledger verify` does; periodic.
public struct VerifyLedger: Job {
    /// The name on the wire.
    public static let name = "verify-ledger"
    /// The queue of housekeeping.
    public static let queue = "maintenance"
    /// It reads every entry, so it may take long, and two at once make no sense.
    public static let options = JobOptions(
        priority: .low, maximumFailures: 3, timeout: .seconds(4 * 3600), backoff: Backoff(base: .seconds(60)),
        uniqueness: .untilDone)

    /// There is nothing to say.
    public init() {}
}

/// Compares every byte and row of the object store, as `sunsetctl store scrub` does; periodic.
///
/// One job does a turn of it, and enqueues the next.
public struct ScrubStore: Job {
    /// The name on the wire.
    public static let name = "scrub-store"
    /// The queue of housekeeping.
    public static let queue = "maintenance"
    /// It goes on where it was cut, and two at once make no sense.
    public static let options = JobOptions(
        priority: .low, maximumFailures: 5, backoff: Backoff(base: .seconds(60)), uniqueness: .untilDone)

    /// Which turn it is, from 0; later ones do nothing when the scrub has ended.
    public var turn: Int

    /// Names the turn.
    public init(turn: Int = 0) {
        self.turn = turn
    }
}
