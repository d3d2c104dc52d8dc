/// A kind of work: its payload, its name and version on the wire, its queue and its policy.
///
/// ```swift
/// struct SendMail: Job {
///     static let name = "send-mail"
///     static let queue = "mail"
///     var to: String
/// }
/// ```
/// Raise ``version`` when old workers could not read the new payload. A worker that does not know a name and version
/// parks the job, and it returns when a process registers them, so a rolling deploy is safe in either order.
public protocol Job: Codable, Sendable {
    /// The type's name on the wire: 1 to 64 letters, digits, `.`, `_` or `-`.
    static var name: String { get }
    /// The payload's version, 1 by default.
    static var version: Int { get }
    /// The queue its jobs go to: 1 to 64 letters, digits, `.`, `_` or `-`.
    static var queue: String { get }
    /// The policy of the type.
    static var options: JobOptions { get }
    /// What makes this job the same as another of its type, where ``JobOptions/uniqueness`` is set; `nil`, the default,
    /// for the whole payload.
    var uniqueKey: String? { get }
}

extension Job {
    /// The first version.
    public static var version: Int { 1 }
    /// The default policy.
    public static var options: JobOptions { JobOptions() }
    /// The whole payload.
    public var uniqueKey: String? { nil }
}
