public import JobQueue

/// Checks and describes an upload whose bytes have arrived; enqueued by the step that marks it as uploaded.
public struct IngestUpload: Job {
    /// The name on the wire.
    public static let name = "ingest-upload"
    /// The queue of heavy work.
    public static let queue = "ingest"
    /// A hash of 20 GiB takes minutes on a slow disk; a file that kills three workers is given up.
    public static let options = JobOptions(
        maximumFailures: 5, maximumLapses: 3, timeout: .seconds(3600),
        backoff: Backoff(base: .seconds(2), cap: .seconds(300)))

    /// The upload's id.
    public var upload: String

    /// Names the upload.
    public init(upload: String) {
        self.upload = upload
    }
}
