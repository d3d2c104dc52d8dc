/// Something that happened to a tagged job.
public struct TimelineEvent: Codable, Sendable, Hashable {
    /// When, in Unix milliseconds of Redis's clock.
    public var at: Int64
    /// What: `enqueued`, `started`, `failed`, `lapsed`, `released`, `parked`, `moved`, `completed`, `dead`, `cancelled`,
    /// `deleted` or `revived`.
    public var event: String
    /// The job's queue.
    public var queue: String
    /// The job's id.
    public var id: JobID
    /// The name of the job's type.
    public var name: String
    /// The attempt, the error, the queue that it moved to; empty if there is nothing to say.
    public var detail: String
}
