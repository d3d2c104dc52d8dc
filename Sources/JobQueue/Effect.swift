public import RedisClient

/// One use of a registered ``EffectDefinition``: applied in the same atomic step as the job's acknowledgement.
public struct Effect: Sendable {
    /// The name of its definition.
    public let name: String
    /// What `check` and `apply` get as `args`.
    public let arguments: [RedisArgument]
    /// What `check` and `apply` get as `jobs`.
    public internal(set) var jobs: [PreparedJob]

    /// Stages an effect with the arguments and the jobs that its `check` and `apply` get.
    public init(_ name: String, arguments: [RedisArgument] = [], jobs: [PreparedJob] = []) {
        self.name = name
        self.arguments = arguments
        self.jobs = jobs
    }
}
