/// How many replicas must have a write before it counts.
///
/// `WAIT` narrows what a failover can lose to what no replica had; it does not make it nil: a Sentinel prefers the replica
/// that has most, but may have to take another. A replica has it in memory; its own disk follows within its `appendfsync`.
public struct ReplicationRequirement: Sendable, Hashable {
    /// How many replicas.
    public var replicas: Int
    /// How long they may take.
    public var timeout: Duration

    /// States a requirement.
    public init(replicas: Int = 1, timeout: Duration = .seconds(1)) {
        self.replicas = replicas
        self.timeout = timeout
    }
}
