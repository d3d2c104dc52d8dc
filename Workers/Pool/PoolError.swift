/// Why a worker or the pool cannot start.
public enum PoolError: Error, CustomStringConvertible, Sendable {
    /// There is no queue of that name.
    case unknownQueue(String, allowed: [String])
    /// A file of the run folder could not be written.
    case unwritable(path: String, reason: String)
    /// A setting that only the workers can read is not allowed.
    case badSetting(key: String, reason: String)

    /// What is wrong and what is allowed.
    public var description: String {
        switch self {
        case .unknownQueue(let name, let allowed):
            "there is no queue '\(name)'; there are: \(allowed.joined(separator: ", "))"
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
        case .badSetting(let key, let reason): "\(key): \(reason)"
        }
    }
}
